import { Fault } from '@coffer/contracts';
import { SealError, unwrapKey, wrapKey } from '@coffer/sealed-stream';
import type { WrappingKey } from './service-key.ts';

/** What a wrapped secret is bound to, so that it does not open in another key's row. */
export interface SecretOwner {
  readonly accessKeyId: string;
  readonly accountId: string;
}

/** A secret as it lies in the database. */
export interface WrappedSecret {
  readonly wrapped: Buffer;
  /** Id of the wrapping key; also stands inside `wrapped`. */
  readonly wrappedBy: string;
  /** Version of the format; also stands inside `wrapped`. */
  readonly format: number;
}

export function wrapSecret(key: WrappingKey, owner: SecretOwner, secret: string): WrappedSecret {
  const plain = Buffer.from(secret, 'latin1');
  const wrapped = wrapKey(key.key, key.keyId, plain, contextOf(owner));
  plain.fill(0);
  return { wrapped, wrappedBy: key.keyId, format: wrapped.readUInt8(0) };
}

/**
 * Runs `use` with the secret, which must not be kept. The bytes are overwritten afterwards; the string cannot be, and
 * lives until the next garbage collection.
 * @throws Fault `Internal` when the stored secret does not open, which means that the database was tampered with.
 */
export function withSecret<T>(key: WrappingKey, owner: SecretOwner, wrapped: Buffer, use: (secret: string) => T): T {
  return use(unwrap(key, owner, wrapped));
}

function unwrap(key: WrappingKey, owner: SecretOwner, wrapped: Buffer): string {
  try {
    const plain = unwrapKey(key.key, wrapped, contextOf(owner));
    const secret = plain.toString('latin1');
    plain.fill(0);
    return secret;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new Fault('Internal', `The stored secret of access key ${owner.accessKeyId} cannot be opened.`);
  }
}

function contextOf(owner: SecretOwner): Record<string, string> {
  return { kind: 'access-key-secret', accessKeyId: owner.accessKeyId, accountId: owner.accountId };
}
