import { Fault, type identity, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { deriveSigningKey } from '@coffer/sigv4';
import type { Deps } from '../deps.ts';
import { withSecret } from '../secrets/access-key-secret.ts';
import { findKey } from './find-key.ts';

type Contract = typeof identity.resolveKey;

const DAY_MS = 86_400_000;
/** Presigned URLs live for up to seven days; one more for the time zones of clocks and the day's end. */
const DAYS_BACK = 8;
const DAYS_AHEAD = 1;

/**
 * Who holds the access key, and the signing key derived for the day, region and service.
 * @throws Fault `InvalidAccessKeyId`, `InvalidToken`, `InvalidArgument` (the date), `Unavailable`.
 */
export async function resolveKey(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  const { accessKeyId, date, region, service } = message;
  checkDate(date, Date.now());
  const key = await deps.serviceKey.get();
  const found = await findKey(deps, accessKeyId, message.sessionToken);
  const signingKey = withSecret(key, found.owner, found.wrapped, (secret) => {
    return deriveSigningKey(secret, date, region, service);
  });
  return { ...found.resolved, signingKey };
}

/** A signing key is good for a whole day, so only days around today are given away. */
function checkDate(date: string, now: number): void {
  const day = Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T00:00:00Z`);
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  if (day >= today - DAYS_BACK * DAY_MS && day <= today + DAYS_AHEAD * DAY_MS) return;
  throw new Fault('InvalidArgument', 'The date of the signature is too far from today.', {
    status: 400,
    extras: { ArgumentName: 'date', ArgumentValue: date },
  });
}
