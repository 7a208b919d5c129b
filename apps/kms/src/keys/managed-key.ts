import { randomBytes, randomUUID } from 'node:crypto';
import { Fault } from '@coffer/contracts';
import { type Database, sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { KEY_BYTES, type RootKey } from '../root-key/root-key.ts';
import { type KeyRow } from './find-key.ts';
import { materialContext } from './material-context.ts';

registerFailpoints('kms.generateDataKey.keyCreated');

const FIRST_GENERATION = 1;

const find = sql(
  'kms.managedKey.find',
  `SELECT k.key_id, k.account_id, k.enabled, m.generation, m.wrapped
   FROM keys k JOIN key_material m USING (key_id)
   WHERE k.account_id = $1 AND k.purpose = $2
   ORDER BY m.generation DESC LIMIT 1`,
);
const insertKey = sql(
  'kms.managedKey.insert',
  'INSERT INTO keys (key_id, account_id, purpose) VALUES ($1, $2, $3) ON CONFLICT (account_id, purpose) DO NOTHING',
);
const insertMaterial = sql(
  'kms.managedKey.insertMaterial',
  'INSERT INTO key_material (key_id, generation, wrapped, wrapped_by, format) VALUES ($1, $2, $3, $4, $5)',
);

/** The key that the service manages for an account and purpose, made when it is first asked for. */
export async function managedKey(
  database: Database,
  root: RootKey,
  accountId: string,
  purpose: string,
): Promise<KeyRow> {
  const known = (await database.query<KeyRow>(find, [accountId, purpose]))[0];
  if (known !== undefined) return known;
  await createKey(database, root, accountId, purpose);
  failpoint('kms.generateDataKey.keyCreated');
  const created = (await database.query<KeyRow>(find, [accountId, purpose]))[0];
  if (created === undefined) throw new Fault('Internal', 'The key of the account could not be made.');
  return created;
}

/** The first of several who make the same key at once wins; the others leave nothing behind. */
async function createKey(database: Database, root: RootKey, accountId: string, purpose: string): Promise<void> {
  const keyId = randomUUID();
  const material = randomBytes(KEY_BYTES);
  const row = root.wrap(material, materialContext(keyId, accountId, FIRST_GENERATION));
  material.fill(0);
  await database.transaction(async (tx) => {
    if ((await tx.execute(insertKey, [keyId, accountId, purpose])) === 0) return;
    await tx.execute(insertMaterial, [keyId, FIRST_GENERATION, row.wrapped, row.wrappedBy, row.format]);
  });
}
