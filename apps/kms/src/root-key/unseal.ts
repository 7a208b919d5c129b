import { randomUUID } from 'node:crypto';
import { type Database, sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { readRootKey, RootKeyError, type RootKeySource } from './read-root-key.ts';
import { RootKey } from './root-key.ts';

registerFailpoints('kms.unseal.checkWritten');

const findCheck = sql('kms.rootKey.find', 'SELECT root_key_id, check_value FROM root_key');
const insertCheck = sql(
  'kms.rootKey.insert',
  `INSERT INTO root_key (root_key_id, check_value)
   SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM keys) AND NOT EXISTS (SELECT FROM service_keys)
   ON CONFLICT DO NOTHING`,
);

interface CheckRow {
  root_key_id: string;
  check_value: Buffer;
}

/**
 * Reads the root key and proves it against the check value in the database, which the very first start writes.
 * @throws RootKeyError when there is no root key, or not the one that wrapped what this database holds.
 */
export async function unseal(database: Database, source: RootKeySource): Promise<RootKey> {
  const key = await readRootKey(source);
  const row = (await database.query<CheckRow>(findCheck))[0] ?? (await firstStart(database, key));
  const root = new RootKey(row.root_key_id, key);
  if (root.matches(row.check_value)) return root;
  root.destroy();
  throw new RootKeyError('The root key is not the one that this database was started with; give the original one.');
}

/** Two replicas may start first at once, even with different keys: the first row wins and both compare with it. */
async function firstStart(database: Database, key: Buffer): Promise<CheckRow> {
  const id = `root-${randomUUID()}`;
  const fresh = new RootKey(id, Buffer.from(key));
  const checkValue = fresh.makeCheckValue();
  fresh.destroy();
  await database.execute(insertCheck, [id, checkValue]);
  failpoint('kms.unseal.checkWritten');
  const row = (await database.query<CheckRow>(findCheck))[0];
  if (row !== undefined) return row;
  key.fill(0);
  throw new RootKeyError('The database holds keys but no check value of the root key; restore it from a backup.');
}
