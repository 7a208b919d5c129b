import { Fault, type identity, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { signatureDoesNotMatchV2, verifyV2 } from '@coffer/sigv4';
import type { Deps } from '../deps.ts';
import { withSecret } from '../secrets/access-key-secret.ts';
import { findKey } from './find-key.ts';

type Contract = typeof identity.verifySigV2;

/**
 * Who signed: SigV2 takes the secret itself, which stays here.
 * @throws Fault `InvalidAccessKeyId`, `InvalidToken`, `SignatureDoesNotMatch`, `Unavailable`.
 */
export async function verifySigV2(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  const key = await deps.serviceKey.get();
  const found = await findKey(deps, message.accessKeyId, message.sessionToken);
  const matches = withSecret(key, found.owner, found.wrapped, (secret) => {
    return verifyV2(message.stringToSign, message.signature, secret);
  });
  if (matches) return found.resolved;
  const { code, message: words, status, extras } = signatureDoesNotMatchV2(message);
  throw new Fault(code, words, { status, extras: { ...extras } });
}
