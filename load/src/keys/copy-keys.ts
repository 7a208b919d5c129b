import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import type { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { load, type Destination } from '../client/client.ts';
import { asAdministrator } from '../subjects/database.ts';
import { keyOf, scattered, type KeyShape } from './shape.ts';
import { rowFor, templateOf, type Template } from './template.ts';

const TABLE = 'objects.versions';
const ROWS_AT_ONCE = 500;

export interface CopyKeys extends KeyShape {
  readonly bucket: string;
  /** Bytes of each object; small enough to lie beside its row. */
  readonly size: number;
}

function* rows(template: Template, shape: KeyShape): Generator<string> {
  let chunk: string[] = [];
  for (const n of scattered(shape.keys)) {
    chunk.push(rowFor(template, keyOf(shape, n)));
    if (chunk.length === ROWS_AT_ONCE) {
      yield chunk.join('');
      chunk = [];
    }
  }
  yield chunk.join('');
}

async function readTemplate(client: Client, bucket: string, key: string): Promise<Template> {
  const { rows: found } = await client.query<{ name: string }>(
    `SELECT quote_ident(attname) AS name FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [TABLE],
  );
  const columns = found.map(({ name }) => name);
  const where = `bucket_id = (SELECT bucket_id FROM objects.buckets WHERE name = ${client.escapeLiteral(bucket)})
    AND key = ${client.escapeLiteral(key)}`;
  const copied = await text(
    client.query(copyTo(`COPY (SELECT ${columns.join(', ')} FROM ${TABLE} WHERE ${where}) TO STDOUT`)),
  );
  return templateOf(columns, copied);
}

/**
 * Fills a bucket of a running Coffer with keys, past its services: one object is put through the front door, and its row
 * is the model of all others, so the rows are what this version of the product writes. Only for measuring: such objects
 * are listed and answered to HEAD, but their bodies do not open.
 */
export async function copyKeys(to: Destination, dataFolder: string, wanted: CopyKeys): Promise<void> {
  const model: KeyShape = { prefix: 'template/', keys: 1, group: 0, delimiter: '/' };
  const one = ['--prefix', model.prefix, '--count', '1', '--in-flight', '1', '--size', String(wanted.size)];
  await load(to, wanted.bucket, ['--create-bucket', '--op', 'put', ...one]);
  await asAdministrator(dataFolder, async (client) => {
    const template = await readTemplate(client, wanted.bucket, keyOf(model, 0));
    const copy = client.query(copyFrom(`COPY ${TABLE} (${template.columns.join(', ')}) FROM STDIN`));
    await pipeline(Readable.from(rows(template, wanted)), copy);
    // What the server's own upkeep would do within a minute or two, in the middle of a measurement.
    await client.query(`VACUUM (ANALYZE) ${TABLE}`);
    await client.query('CHECKPOINT');
  });
  await load(to, wanted.bucket, ['--op', 'delete', ...one]);
}
