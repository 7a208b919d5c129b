import { type Database, sql } from '@coffer/database';

/** A key with one generation of its material, still wrapped. */
export interface KeyRow {
  key_id: string;
  account_id: string;
  enabled: boolean;
  generation: number;
  wrapped: Buffer;
}

const find = sql(
  'kms.key.find',
  `SELECT k.key_id, k.account_id, k.enabled, m.generation, m.wrapped
   FROM keys k JOIN key_material m USING (key_id)
   WHERE k.key_id = $1 AND m.generation = $2`,
);

export async function findKey(database: Database, keyId: string, generation: number): Promise<KeyRow | undefined> {
  return (await database.query<KeyRow>(find, [keyId, generation]))[0];
}
