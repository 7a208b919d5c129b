import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byteaArray, sql, type Database } from './index.ts';
import { testServer, type TestServer } from './testkit/server.ts';

let server: TestServer;
let db: Database;

beforeAll(async () => {
  server = await testServer();
  db = server.open('kms');
});
afterAll(() => server.stop());

const elements = sql(
  't.byteaElements',
  'SELECT e AS element FROM unnest($1::bytea[]) WITH ORDINALITY AS u (e, n) ORDER BY n',
);

describe('a bytea[] in binary form', () => {
  it.each<[string, (Buffer | null)[]]>([
    ['nothing', []],
    ['one', [Buffer.from([0, 1, 255])]],
    ['null alone', [null]],
    ['empty bytes beside null', [Buffer.alloc(0), null, Buffer.from('"{},\\x')]],
    ['many', Array.from({ length: 300 }, (_, n) => (n % 7 === 3 ? null : randomBytes(n * 37)))],
  ])('comes to Postgres as it was: %s', async (_, list) => {
    const rows = await db.query<{ element: Buffer | null }>(elements, [byteaArray(list)]);
    expect(rows.map(({ element }) => element)).toEqual(list);
  });
});
