import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { newBlobId } from '@coffer/blob-store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { onEmbedded } from '../harness/stack.ts';
import { blobFile, blobsInUse, blobsOnDisk, checkBlobs, checkBlobsWithin } from './blobs.ts';
import { Checker } from './checker.ts';
import { watchedClient } from './client.ts';
import { CrashableStack } from './crashable-stack.ts';
import { asAdministrator } from './database.ts';
import { Journal } from './journal.ts';
import { matchVersions } from './match-versions.ts';
import { put } from './operations.ts';
import { multipart } from './operations-multipart.ts';
import { changePolicy } from './operations-policy.ts';
import { mark, putVersion } from './operations-versioned.ts';
import { checkRecords, checkRecordsWithin, countRecords } from './records.ts';
import { SeededRandom } from './seeded-random.ts';
import { plain, Worker } from './worker.ts';

const buckets = { plain: 'planted-plain', kept: 'planted-kept' };

/** A checker that finds nothing proves something only if it finds what is planted. */
onEmbedded('the checkers of the crash tests', () => {
  let running: CrashableStack;
  let worker: Worker;
  let checker: Checker;
  const journal = new Journal();

  beforeAll(async () => {
    // The collector would take away what is planted for it to leave.
    running = await CrashableStack.create('embedded', { COFFER_COLLECT_INTERVAL_MS: '0' });
    await running.start();
    const client = watchedClient(running.target(), (received) => journal.received.push(received));
    for (const Bucket of Object.values(buckets)) await client.send(new CreateBucketCommand({ Bucket }));
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: buckets.kept, VersioningConfiguration }));
    worker = new Worker(0, client, new SeededRandom(1), journal, buckets);
    for (let n = 0; n < 25; n += 1) await put(worker);
    for (let n = 0; n < 8; n += 1) await multipart(worker);
    for (let n = 0; n < 8; n += 1) await putVersion(worker);
    await mark(worker);
    // One of the policies must be there to be lost; a change may also take it away.
    const policies = () => [...journal.policies.values()].map(({ possible }) => possible[0]);
    for (let n = 0; n < 20 && policies()[0] === undefined; n += 1) await changePolicy(worker);
    expect(policies()[0]).toBeDefined();
    checker = new Checker(client, journal, buckets);
  });
  afterAll(async () => {
    worker?.client.destroy();
    await running?.remove();
  });

  const sql = (text: string, values: unknown[] = []) =>
    asAdministrator(
      running.data,
      async (client) => (await client.query(text, values)).rows as Record<string, string>[],
    );
  const check = () => checker.check({ everything: true });
  /** A key whose body lies in the blob tier. */
  async function keyWithBlob(): Promise<{ key: string; file: string; id: string }> {
    const [row] = await sql(
      `SELECT v.key, v.blob_id FROM objects.versions v JOIN objects.buckets b USING (bucket_id)
        WHERE b.name = $1 AND v.body IS NULL AND v.blob_id IS NOT NULL AND v.sealed_size > 20000 LIMIT 1`,
      [buckets.plain],
    );
    return { key: row!['key']!, id: row!['blob_id']!, file: blobFile(running.data, row!['blob_id']!) };
  }

  it('find nothing where nothing is wrong', async () => {
    expect(await check()).toEqual([]);
    expect(await checkRecordsWithin(running.data, journal.received, 20_000)).toEqual([]);
  });

  it('find a lost write', async () => {
    const key = [...journal.keys.keys()][0]!;
    const rows = await sql('SELECT to_json(v) AS row FROM objects.versions v WHERE key = $1', [key]);
    await sql('DELETE FROM objects.versions WHERE key = $1', [key]);
    expect(await check()).toContainEqual(
      expect.stringMatching(`${key.slice(0, 8)}.* holds nothing; clients were told`),
    );
    await sql('INSERT INTO objects.versions SELECT * FROM json_populate_record(NULL::objects.versions, $1)', [
      JSON.stringify(rows[0]!['row']),
    ]);
    expect(await check()).toEqual([]);
  });

  it('find a lost version, a part and a policy', async () => {
    const client = worker.client;
    const other = structuredClone({ versioned: journal.versioned, policies: journal.policies });
    const [key, state] = [...other.versioned].find(([, { versions }]) => versions.length > 0)!;
    const listedNone = matchVersions(key, state, [], new Map());
    expect(listedNone).toHaveLength(state.versions.length);

    await sql('UPDATE objects.buckets SET policy = NULL, revision = revision + 1');
    const problems = await check();
    const policy = [...journal.policies.values()][0]!.possible[0];
    expect(policy).toBeDefined();
    expect(problems).toContainEqual(expect.stringContaining('has the policy undefined'));
    await sql('UPDATE objects.buckets SET policy = $1 WHERE name LIKE $2', [policy, `${buckets.plain}-p%`]);
    await sql('UPDATE objects.buckets SET revision = revision + 1');

    journal.uploads.set('lost', { key: 'lost', uploadId: 'lost', parts: new Map(), state: 'open' });
    expect(await new Checker(client, journal, buckets).check()).toEqual(['the upload of lost is open and not listed']);
    journal.uploads.delete('lost');
  });

  it('find an object that is listed and cannot be read', async () => {
    const { key, file } = await keyWithBlob();
    const bytes = await readFile(file);
    await rm(file);
    expect(await check()).toContainEqual(expect.stringContaining(`${key} is listed and cannot be read`));
    await writeFile(file, bytes.subarray(0, bytes.length - 100));
    expect(await check()).toContainEqual(expect.stringContaining(`${key} is listed and cannot be read`));
    await writeFile(file, bytes);
    expect(await check()).toEqual([]);
  });

  it('find a size that the listing tells otherwise than the object', async () => {
    const { key } = await keyWithBlob();
    const [before] = await sql('SELECT etag FROM objects.versions WHERE key = $1', [key]);
    await sql(`UPDATE objects.versions SET etag = repeat('0', 32) WHERE key = $1`, [key]);
    const state = journal.keys.get(key)!;
    journal.keys.set(key, { ...state, possible: [{ ...state.possible[0]!, sha256: 'f'.repeat(64) }] });
    expect(await check()).toContainEqual(expect.stringContaining('clients were told'));
    journal.keys.set(key, state);
    await sql('UPDATE objects.versions SET etag = $2 WHERE key = $1', [key, before!['etag']]);
    expect(await check()).toEqual([]);
  });

  it('find what nobody wrote, and what was deleted and is there', async () => {
    const [key, state] = [...journal.keys].find(([, { possible }]) => possible[0] !== undefined)!;
    journal.keys.delete(key);
    expect(await check()).toContainEqual(`${key} is listed and no client wrote it`);
    journal.keys.set(key, { possible: [undefined], retired: false });
    expect(await check()).toContainEqual(expect.stringContaining(`clients were told nothing`));
    journal.keys.set(key, state);
    const { sha256 } = state.possible[0]!;
    journal.attempted.delete(sha256);
    expect(await check()).toContainEqual(expect.stringContaining('nothing that a client tried to write'));
    journal.attempted.add(sha256);
  });

  it('find two winners of one race', async () => {
    const [key, state] = [...journal.keys].find(([, { possible }]) => possible[0] !== undefined)!;
    const race = journal.race(key);
    race.won.push(state.possible[0]!, plain(worker.make(10)));
    expect(await check()).toEqual([`2 clients were told that they made ${key}`]);
    journal.races.delete(key);
  });

  it('find a missing record and one too many', async () => {
    const { requestId } = journal.received[3]!;
    const [row] = await sql('SELECT to_json(r) AS row FROM audit.records r WHERE request_id = $1', [requestId]);
    await sql('DELETE FROM audit.records WHERE request_id = $1', [requestId]);
    const count = async () => checkRecords(journal.received, await countRecords(running.data, journal.received));
    expect(await count()).toEqual([expect.stringContaining(`0 records of request ${requestId}`)]);
    const insert = `INSERT INTO audit.records (request_id, day, phase, source, data)
      SELECT request_id, day - $2::int, phase, source, data FROM json_populate_record(NULL::audit.records, $1)`;
    await sql(insert, [JSON.stringify(row!['row']), 0]);
    expect(await count()).toEqual([]);
    // The primary key forbids a second one on the same day; another day is another partition.
    const [{ partition } = {}] = await sql(
      `SELECT c.relname AS partition FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE inhparent = 'audit.records'::regclass AND c.relname NOT LIKE '%' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD') LIMIT 1`,
    );
    expect(partition).toBeDefined();
    const [{ shift } = {}] = await sql(
      `SELECT (to_date(right(regexp_replace($1, '\\D', '', 'g'), 8), 'YYYYMMDD') - $2::date) * -1 AS shift`,
      [partition, (row!['row'] as unknown as { day: string }).day],
    );
    await sql(insert, [JSON.stringify(row!['row']), shift]);
    expect(await count()).toEqual([expect.stringContaining(`2 records of request ${requestId}`)]);
    await sql('DELETE FROM audit.records WHERE request_id = $1', [requestId]);
    await sql(insert, [JSON.stringify(row!['row']), 0]);
    expect(await count()).toEqual([]);
  });

  it('do not ask for a record where the answer was that none can be written', () => {
    const received = { requestId: 'A', status: 503, what: 'PUT /' };
    expect(checkRecords([received], new Map())).toEqual([]);
    expect(checkRecords([received], new Map([['A', 2]]))).toHaveLength(1);
    expect(checkRecords([received, received], new Map([['A', 1]]))).toHaveLength(1);
  });

  it('find an orphan blob and one that is in use and gone', async () => {
    await eventuallyCollected();
    const { id, file } = await keyWithBlob();
    const orphan = newBlobId();
    const planted = blobFile(running.data, orphan);
    const bytes = await readFile(file);
    await mkdir(dirname(planted), { recursive: true });
    await writeFile(planted, bytes);
    expect(checkBlobs(await blobsOnDisk(running.data, 'embedded'), await blobsInUse(running.data))).toEqual([
      `blob ${orphan} belongs to nothing and was not collected`,
    ]);
    await rm(file);
    expect(checkBlobs(await blobsOnDisk(running.data, 'embedded'), await blobsInUse(running.data))).toContainEqual(
      `blob ${id} is in use and not there`,
    );
    await writeFile(file, bytes);
    // With a collector again, what was planted goes, and only that.
    const old = new Date(Date.now() - 3_600_000);
    await utimes(planted, old, old);
    await running.stop();
    await running.start({ COFFER_COLLECT_INTERVAL_MS: '300' });
    expect(await checkBlobsWithin(running.data, 'embedded', 30_000)).toEqual([]);
    await expect(stat(file)).resolves.toBeDefined();
  });

  /** Overwriting left blobs behind: they go first, so that what is planted is all there is to find. */
  async function eventuallyCollected(): Promise<void> {
    await running.stop();
    await running.start({ COFFER_COLLECT_INTERVAL_MS: '300' });
    expect(await checkBlobsWithin(running.data, 'embedded', 30_000)).toEqual([]);
    await running.stop();
    await running.start();
  }
});
