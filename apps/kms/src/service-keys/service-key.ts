import { randomBytes, randomUUID } from 'node:crypto';
import { Fault } from '@coffer/contracts';
import { sql } from '@coffer/database';
import { SealError } from '@coffer/sealed-stream';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import { KEY_BYTES, type RootKey } from '../root-key/root-key.ts';

registerFailpoints('kms.serviceKey.created');

/** Services that keep secrets of their own, each under its own key. */
export type KeyedService = 'identity' | 'governance';

interface ServiceKeyRow {
  key_id: string;
  wrapped: Buffer;
}

const find = sql('kms.serviceKey.find', 'SELECT key_id, wrapped FROM service_keys WHERE service = $1');
const insert = sql(
  'kms.serviceKey.insert',
  `INSERT INTO service_keys (service, key_id, wrapped, wrapped_by, format)
   VALUES ($1, $2, $3, $4, $5) ON CONFLICT (service) DO NOTHING`,
);

/**
 * The service's key: random, made when it is first asked for, the same ever after. Which service may ask is settled
 * by the contract's callers and the bus.
 * @throws Fault `Unavailable` while sealed.
 */
export async function serviceKey(deps: Deps, service: KeyedService): Promise<{ keyId: string; key: Buffer }> {
  const root = deps.seal.root();
  const row = (await deps.database.query<ServiceKeyRow>(find, [service]))[0] ?? (await create(deps, root, service));
  try {
    const key = root.withUnwrapped(row.wrapped, contextOf(service, row.key_id), (plaintext) => Buffer.from(plaintext));
    return { keyId: row.key_id, key };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new Fault('Internal', `The stored key of the service ${service} cannot be opened.`);
  }
}

/** The first of several who ask at once wins; all get the winner's key. */
async function create(deps: Deps, root: RootKey, service: KeyedService): Promise<ServiceKeyRow> {
  const keyId = `${service}-${randomUUID()}`;
  const key = randomBytes(KEY_BYTES);
  const row = root.wrap(key, contextOf(service, keyId));
  key.fill(0);
  await deps.database.execute(insert, [service, keyId, row.wrapped, row.wrappedBy, row.format]);
  failpoint('kms.serviceKey.created');
  const stored = (await deps.database.query<ServiceKeyRow>(find, [service]))[0];
  if (stored === undefined) throw new Fault('Internal', `The key of the service ${service} could not be made.`);
  return stored;
}

function contextOf(service: KeyedService, keyId: string): Record<string, string> {
  return { kind: 'service-key', service, keyId };
}
