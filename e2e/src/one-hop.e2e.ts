import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { asAdministrator } from './faults/database.ts';
import { newBucket } from './harness/buckets.ts';
import { s3 } from './harness/clients.ts';
import { bytes } from './harness/data.ts';
import { eventually } from './harness/eventually.ts';
import { processesOf } from './harness/processes.ts';
import { onLocalData, onNative, present, stack } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);
const TIMES = 50;
/** What a timer or a beat of the services may add while we count. */
const BACKGROUND = 3;

const SMALL = 1_000;
const LARGE = 200_000;

let bucket: string;
const put = (Key: string, size: number) =>
  client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: bytes(size) }));
const get = async (Key: string) =>
  await (await client.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body!.transformToByteArray();

const calls: [string, (n: number) => Promise<unknown>][] = [
  ['GET of a small object', () => get('small')],
  ['GET of an object in the blob tier', () => get('large')],
  ['PUT of a small object', (n) => put(`small-${n}`, SMALL)],
  ['PUT into the blob tier', (n) => put(`large-${n}`, LARGE)],
];

/** Fills what a gateway may keep: principals, bucket context, the bucket's key. */
async function warm(): Promise<void> {
  await put('small', SMALL);
  await put('large', LARGE);
  for (const [, run] of calls) for (let n = 0; n < 3; n += 1) await run(n);
}

async function sequentially(run: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < TIMES; n += 1) await run(n);
}

onNative('calls on NATS', () => {
  let log: string;
  let configuration: { file: string; text: string };
  const reload = () => process.kill(processesOf(stack().pid!, 'nats.conf')[0]!, 'SIGHUP');

  beforeAll(async () => {
    const file = join(stack().dataFolder!, 'nats', 'nats.conf');
    configuration = { file, text: await readFile(file, 'utf8') };
    log = join(stack().scratch, 'nats-trace.log');
    // The broker's own trace is the wiretap: it writes down every message that anybody publishes.
    await appendFile(file, `\ntrace: true\nlogfile: ${JSON.stringify(log)}\n`);
    reload();
    bucket = await newBucket({ purpose: 'hop' });
    await warm();
    await eventually(async () => expect((await readFile(log, 'utf8')).length).toBeGreaterThan(0));
  });
  afterAll(async () => {
    if (configuration === undefined) return;
    await writeFile(configuration.file, configuration.text);
    reload();
    await pause(500);
    await rm(log, { force: true });
  });

  /** Subject → messages published to it while this runs. */
  async function published(run: () => Promise<void>): Promise<Map<string, number>> {
    const from = (await readFile(log, 'utf8')).length;
    await run();
    await pause(300);
    const counts = new Map<string, number>();
    for (const [, subject] of (await readFile(log, 'utf8')).slice(from).matchAll(/<<- \[H?PUB (\S+)/g)) {
      counts.set(subject!, (counts.get(subject!) ?? 0) + 1);
    }
    return counts;
  }
  const toObjectStorage = (counts: Map<string, number>) =>
    [...counts].filter(([subject]) => subject.includes('.object-storage.'));

  it.each(calls)(`one to object-storage for each warm %s`, async (_, run) => {
    await run(0);
    const counts = await published(() => sequentially(run));
    const calledOften = toObjectStorage(counts).filter(([, count]) => count > BACKGROUND);
    expect(calledOften, JSON.stringify([...counts])).toHaveLength(1);
    expect(calledOften[0]![1]).toBe(TIMES);
    // Nobody else is asked on the way but audit, which keeps the record.
    const others = [...counts].filter(
      ([subject, count]) =>
        subject.startsWith('coffer.') && !/\.(object-storage|audit)\./.test(subject) && count >= TIMES / 2,
    );
    expect(others).toEqual([]);
  });

  it.each(calls)('fewer when many come at once: %s', async (_, run) => {
    const counts = await published(
      async () => void (await Promise.all(Array.from({ length: 4 * TIMES }, (__, n) => run(n)))),
    );
    const total = toObjectStorage(counts).reduce((sum, [, count]) => sum + count, 0);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThan(4 * TIMES);
  });
});

onLocalData('statements in Postgres', () => {
  beforeAll(async () => {
    const { dataFolder } = stack();
    const postmaster = Number(
      (await readFile(join(dataFolder!, 'postgres', 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0],
    );
    await asAdministrator(dataFolder!, (database) =>
      database.query("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'"),
    );
    // The library is only loaded at a start of Postgres, which the stack does by itself when Postgres ends.
    process.kill(postmaster, 'SIGINT');
    await pause(500);
    await eventually(
      () =>
        asAdministrator(dataFolder!, (database) => database.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements')),
      30_000,
    );
    bucket = await eventually(() => newBucket({ purpose: 'hop' }), 30_000);
    await eventually(warm, 30_000);
  });
  afterAll(async () => {
    await asAdministrator(stack().dataFolder!, (database) =>
      database.query('ALTER SYSTEM RESET shared_preload_libraries'),
    );
  });

  interface Statement {
    query: string;
    calls: number;
  }
  /** What object-storage's role had Postgres do while this ran. */
  async function executed(run: () => Promise<void>): Promise<Statement[]> {
    return await asAdministrator(stack().dataFolder!, async (database) => {
      await database.query('SELECT pg_stat_statements_reset()');
      await run();
      const { rows } = await database.query<Statement>(
        `SELECT s.query, sum(s.calls)::int AS calls FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
         WHERE r.rolname LIKE 'coffer%object%' GROUP BY 1 ORDER BY 2 DESC`,
      );
      expect(rows.length, 'statements of the role of object-storage').toBeGreaterThan(0);
      return rows;
    });
  }

  it.each(calls.slice(0, 2))('one for each warm %s', async (_, run) => {
    const often = (await executed(() => sequentially(run))).filter((statement) => statement.calls > TIMES / 5);
    expect(
      often.map((statement) => statement.calls),
      JSON.stringify(often),
    ).toEqual([TIMES]);
  });

  it.each(calls.slice(2))('one transaction for each warm %s, and no statement of it twice', async (_, run) => {
    const statements = await executed(() => sequentially(run));
    const commits = statements
      .filter(({ query }) => /^COMMIT/i.test(query))
      .reduce((sum, statement) => sum + statement.calls, 0);
    // Deleting settled outbox rows and the like is background, and batched.
    expect(commits).toBeGreaterThanOrEqual(TIMES);
    expect(commits).toBeLessThan(TIMES * 1.5);
    const writes = statements.filter(({ query }) => /\bINSERT\b/i.test(query) && !/^(BEGIN|COMMIT)/i.test(query));
    for (const { query, calls: count } of writes) expect(count, query).toBeLessThanOrEqual(TIMES + BACKGROUND);
  });
});
