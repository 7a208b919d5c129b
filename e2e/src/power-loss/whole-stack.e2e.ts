import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { watchedClient } from '../faults/client.ts';
import { CrashableStack } from '../faults/crashable-stack.ts';
import { checkRecordsWithin } from '../faults/records.ts';
import { SeededRandom, seedOfRun } from '../faults/seeded-random.ts';
import { listKeys, readListed } from '../faults/shown.ts';
import { Disk } from './disk.ts';
import type { Names } from './folders.ts';
import { beginWith, makeAsLeft } from './folders.ts';
import type { TimedHistory, Value } from './timed-history.ts';
import { timedLoad } from './timed-load.ts';
import { onTraceable } from './traced.ts';
import type { DiskEvent } from './trace.ts';
import { readTrace, straceOptions } from './trace.ts';

const CUTS = Number(process.env['COFFER_POWER_CUTS'] ?? 6);
const LOAD_SECONDS = 4;
const CLIENTS = 5;
const BUCKET = 'power';
const RECORDS_WITHIN_MS = 20_000;

onTraceable(`the power fails at ${CUTS} moments of a load on all of Coffer, its database included`, () => {
  const seed = seedOfRun();
  const random = new SeededRandom(seed);
  let scratch: string;
  let base: string;
  let traced: CrashableStack;
  let disk: Disk;
  let events: AsyncGenerator<DiskEvent>;
  let history: TimedHistory;
  /** Moments shortly after an answer, in milliseconds since 1970. */
  let cuts: number[];

  beforeAll(async () => {
    console.info(`fault seed: COFFER_FAULT_SEED=${seed} COFFER_POWER_CUTS=${CUTS}`);
    scratch = await mkdtemp(join(tmpdir(), 'coffer-power-'));
    base = join(scratch, 'base');
    const log = join(scratch, 'log');
    traced = await CrashableStack.create('embedded');
    await traced.start();
    const client = watchedClient(traced.target(), () => undefined);
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    client.destroy();
    await traced.stop();
    // As of here everything counts as written: the log holds what changes from now on.
    // (The system's own command keeps owners, which Postgres wants.)
    expect(spawnSync('cp', ['-a', traced.data, base]).status).toBe(0);
    await traced.start({}, ['strace', ...straceOptions(log)]);
    history = await timedLoad(traced.target(), BUCKET, random, CLIENTS, LOAD_SECONDS);
    // Nothing that runs survives its tracer.
    await traced.crash('killed');

    const cluster = join(traced.data, 'postgres', 'cluster');
    disk = new Disk({ folder: traced.data, namesFollowFiles: [cluster] });
    beginWith(disk, base);
    events = readTrace(log, cluster);
    const answers = history.answers.map(({ at }) => at).sort((a, b) => a - b);
    expect(answers.length).toBeGreaterThan(CUTS * 5);
    cuts = Array.from({ length: CUTS }, () => random.pick(answers) + random.pick([1, 2, 5, 20])).sort((a, b) => a - b);
  });
  afterAll(async () => {
    await traced?.remove();
    await rm(scratch, { recursive: true, force: true });
  });

  /** Lets everything reach the disk that was done by then, as far as it did. */
  async function goOnUntil(moment: number): Promise<void> {
    for (;;) {
      const { value: event, done } = await events.next();
      if (done === true) return;
      disk.apply(event);
      if (event.time * 1000 >= moment) return;
    }
  }

  const show = (value: Value) => (value === undefined ? 'nothing' : `${value.size} bytes ${value.sha256.slice(0, 12)}`);

  async function compare(stack: CrashableStack, moment: number): Promise<string[]> {
    const problems: string[] = [];
    const client = watchedClient(stack.target(), () => undefined, 5);
    try {
      const listed = await listKeys(client, BUCKET);
      for (const key of new Set([...history.changes.keys(), ...listed.keys()])) {
        const possible = history.possibleAt(key, moment);
        const entry = listed.get(key);
        let found: Value;
        if (entry) {
          const read = await readListed(client, BUCKET, entry).catch((error: Error) => error);
          if (read instanceof Error) {
            problems.push(`${key} is listed and cannot be read: ${read.name}`);
            continue;
          }
          found = read.content;
        }
        if (!possible.some((value) => value?.sha256 === found?.sha256)) {
          problems.push(`${key} holds ${show(found)}; clients were told ${possible.map(show).join(' or ')}`);
        }
      }
    } finally {
      client.destroy();
    }
    problems.push(...(await checkRecordsWithin(stack.data, history.answeredBy(moment), RECORDS_WITHIN_MS)));
    return problems;
  }

  it.each(Array.from({ length: CUTS }, (_, n) => n))(
    'cut %i: what was acknowledged is there, and on record',
    async (n) => {
      const moment = cuts[n]!;
      await goOnUntil(moment);
      const names: Names = n % 2 === 0 ? 'synced' : 'all';
      const left = await CrashableStack.create('embedded');
      try {
        makeAsLeft(disk, names, left.data, base);
        await left.start();
        expect(await compare(left, moment), `seed ${seed}, cut ${n}, names left: ${names}`).toEqual([]);
      } finally {
        await left.remove();
      }
      console.info(
        `cut ${n}, names left: ${names}; ${history.acknowledgedBy(moment)} keys and ${history.answeredBy(moment).length} answers acknowledged`,
      );
    },
  );
});
