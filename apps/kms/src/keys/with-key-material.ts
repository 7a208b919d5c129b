import { SealError } from '@coffer/sealed-stream';
import { Fault } from '@coffer/contracts';
import type { RootKey } from '../root-key/root-key.ts';
import type { KeyRow } from './find-key.ts';
import { materialContext } from './material-context.ts';

/**
 * Runs `use` with the key's material and overwrites the material afterwards. Material is never kept between calls:
 * reading the row anew shows the key's present state, and unwrapping costs microseconds beside that.
 * @throws Fault `Internal` when the stored material does not open, which means that the database was tampered with.
 */
export function withKeyMaterial<T>(root: RootKey, key: KeyRow, use: (material: Buffer) => T): T {
  const context = materialContext(key.key_id, key.account_id, key.generation);
  let opened = false;
  try {
    return root.withUnwrapped(key.wrapped, context, (material) => {
      opened = true;
      return use(material);
    });
  } catch (error) {
    if (opened || !(error instanceof SealError)) throw error;
    throw new Fault('Internal', `The stored material of key ${key.key_id} cannot be opened.`);
  }
}
