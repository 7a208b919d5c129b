import { randomBytes } from 'node:crypto';
import { Fault, type kms, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { wrapKey } from '@coffer/sealed-stream';
import type { Deps } from '../deps.ts';
import { managedKey } from '../keys/managed-key.ts';
import { withKeyMaterial } from '../keys/with-key-material.ts';
import { KEY_BYTES } from '../root-key/root-key.ts';
import { checkEncryptionContext } from './encryption-context.ts';
import { wrappingId } from './wrapping-id.ts';

type Contract = typeof kms.generateDataKey;

/**
 * A fresh data key of 32 bytes, in plain and wrapped under the account's key, bound to the encryption context.
 * The plain bytes belong to the caller, who overwrites them after use.
 * @throws Fault `Unavailable` while sealed, `Disabled`, `InvalidMessage`.
 */
export async function generateDataKey(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  const root = deps.seal.root();
  checkEncryptionContext(message.context);
  const key = await managedKey(deps.database, root, message.accountId, message.purpose);
  if (!key.enabled) throw new Fault('Disabled', 'The key is disabled.', { status: 400 });
  const plaintext = randomBytes(KEY_BYTES);
  const wrapped = withKeyMaterial(root, key, (material) => {
    return wrapKey(material, wrappingId(key.key_id, key.generation), plaintext, message.context);
  });
  return { keyId: key.key_id, plaintext, wrapped };
}
