import { Fault, type kms, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { SealError, unwrapKey } from '@coffer/sealed-stream';
import type { Deps } from '../deps.ts';
import { findKey } from '../keys/find-key.ts';
import { withKeyMaterial } from '../keys/with-key-material.ts';
import { checkEncryptionContext } from './encryption-context.ts';
import { readWrappingId } from './wrapping-id.ts';

type Contract = typeof kms.unwrapDataKey;

const MAX_WRAPPED_BYTES = 8192;

/**
 * The data key in plain again. Altered bytes, another context and a foreign key all get the same answer, and a key's
 * state is told only to those who hold something that it wrapped.
 * @throws Fault `Unavailable` while sealed, `InvalidCiphertext`, `NotFound` (the key is gone), `Disabled`.
 */
export async function unwrapDataKey(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  const root = deps.seal.root();
  checkEncryptionContext(message.context);
  const named = message.wrapped.length > MAX_WRAPPED_BYTES ? undefined : readWrappingId(message.wrapped);
  if (named === undefined) throw invalidCiphertext();
  const key = await findKey(deps.database, named.keyId, named.generation);
  if (key === undefined) throw new Fault('NotFound', 'The key does not exist.', { status: 400 });
  const plaintext = withKeyMaterial(root, key, (material) => unwrap(material, message));
  if (!key.enabled) {
    plaintext.fill(0);
    throw new Fault('Disabled', 'The key is disabled.', { status: 400 });
  }
  return { keyId: key.key_id, plaintext };
}

function unwrap(material: Buffer, message: RequestOf<Contract>): Buffer {
  try {
    return unwrapKey(material, message.wrapped, message.context);
  } catch (error) {
    if (error instanceof SealError) throw invalidCiphertext();
    throw error;
  }
}

function invalidCiphertext(): Fault {
  return new Fault('InvalidCiphertext', 'The wrapped key cannot be opened.', { status: 400 });
}
