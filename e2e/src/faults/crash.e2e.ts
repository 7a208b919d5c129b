import { setTimeout as pause } from 'node:timers/promises';
import { IAMClient, ListUsersCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { onOwnStack, present, stack } from '../harness/stack.ts';
import { checkBlobsWithin } from './blobs.ts';
import { Checker } from './checker.ts';
import { watchedClient } from './client.ts';
import type { Mode } from './crashable-stack.ts';
import { CrashableStack } from './crashable-stack.ts';
import { Journal } from './journal.ts';
import { Load } from './load.ts';
import { lastWords } from './last-words.ts';
import { kill, stackProcess } from './processes.ts';
import { checkRecordsWithin } from './records.ts';
import { SeededRandom, seedOfRun } from './seeded-random.ts';

const mode: Mode | 'given' = present ? stack().mode : 'given';
const ROUNDS = Number(process.env['COFFER_FAULT_ROUNDS'] ?? 50);
/** Of embedded mode. */
const PROCESSES = process.env['COFFER_FAULT_PROCESSES'] ?? '1';
const CLIENTS = 10;
const PROBED = 'probed';
/** A body of so many bytes lies in the blob tier. */
const BEYOND_THE_ROW = 64 * 1024;
const SETTLE_WITHIN_MS = 40_000;
/** A process of the native stack that died is there again after at most this long (milliseconds). */
const RESTART_WITHIN_MS = 5_000;

/** Every process of the native stack; `supervisor` is the one that was started, with which all others end. */
const KINDS = [
  'gateway',
  'object-storage',
  'postgres',
  'identity',
  'nats',
  'kms',
  'minio',
  'audit',
  'governance',
  'supervisor',
] as const;

/**
 * Answers to calls that reach the stack through all of it. A bucket alone would not do: for some seconds the gateway knows
 * who somebody is without identity, and a HEAD never asks the blob tier.
 */
async function answers(running: CrashableStack): Promise<void> {
  const target = running.target();
  const client = watchedClient(target, () => undefined);
  const { endpoint, region, keys: credentials } = target;
  const iam = new IAMClient({ endpoint, region, credentials, maxAttempts: 1 });
  try {
    await iam.send(new ListUsersCommand({}));
    await client.send(new PutObjectCommand({ Bucket: PROBED, Key: 'k', Body: Buffer.alloc(BEYOND_THE_ROW, 'x') }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket: PROBED, Key: 'k' }));
    await Body!.transformToByteArray();
  } finally {
    client.destroy();
    iam.destroy();
  }
}

onOwnStack(`${ROUNDS} SIGKILLs during a mixed load (${mode})`, () => {
  const seed = seedOfRun();
  const random = new SeededRandom(seed);
  const buckets = { plain: `crash-plain-${seed}`, kept: `crash-kept-${seed}` };
  const journal = new Journal();
  let running: CrashableStack;
  let load: Load;
  let checker: Checker;

  beforeAll(async () => {
    console.info(`fault seed: COFFER_FAULT_SEED=${seed} COFFER_FAULT_ROUNDS=${ROUNDS}`);
    running = await CrashableStack.create(mode as Mode, {}, mode === 'embedded' ? ['--processes', PROCESSES] : []);
    await running.start();
    const note = journal.received.push.bind(journal.received);
    // The clients that check repeat what failed: a process may still be on its way back.
    const client = watchedClient(running.target(), note, 5);
    for (const Bucket of [...Object.values(buckets), PROBED]) await client.send(new CreateBucketCommand({ Bucket }));
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: buckets.kept, VersioningConfiguration }));
    load = new Load(journal, random.fork(1), running.target(), buckets, CLIENTS);
    checker = new Checker(client, journal, buckets);
  });
  afterAll(async () => {
    load?.close();
    await running?.remove();
  });

  /** Kills the whole embedded process in mid-load and starts it again. */
  async function crashEmbedded(round: number): Promise<string> {
    const database = (['guarded', 'killed', 'left'] as const)[round % 3]!;
    load.start();
    await pause(random.int(250, 2_000));
    await running.crash(database);
    await load.stop();
    await running.start();
    return `Coffer, Postgres ${database}`;
  }

  /** Kills one process of the native stack in mid-load, which goes on until the process has been back for a while. */
  async function crashNative(round: number): Promise<string> {
    const kind = KINDS[round % KINDS.length]!;
    load.start();
    await pause(random.int(250, 1_500));
    if (kind === 'supervisor') {
      await running.crash();
      await load.stop();
      await running.start();
      await eventually(() => answers(running), 30_000);
      return kind;
    }
    const pid = stackProcess(running.data, kind);
    if (pid === undefined) throw new Error(`the stack has no process ${kind}`);
    kill(pid);
    const killed = Date.now();
    await eventually(async () => {
      const now = stackProcess(running.data, kind);
      if (now === undefined || now === pid)
        throw new Error(`${kind} was not started again within ${RESTART_WITHIN_MS} ms`);
    }, RESTART_WITHIN_MS);
    await eventually(() => answers(running), 30_000);
    await pause(random.int(0, 500));
    await load.stop();
    return `${kind}, back after ${Date.now() - killed} ms`;
  }

  /** All clients have stopped, so what they were told must now be there. */
  async function checkAll(everything: boolean): Promise<void> {
    const problems = await checker.check({ everything, quiet: mode === 'embedded' }).catch((error: unknown) => {
      console.warn(`the check ended at ${new Date().toISOString()}; before that:\n${lastWords(running.data)}`);
      throw error;
    });
    expect(problems, `seed ${seed}`).toEqual([]);
  }

  // Each round is a test of its own, so that the first that fails says when it happened.
  it.each(Array.from({ length: ROUNDS }, (_, round) => round))('kill %i', async (round) => {
    const before = journal.acknowledged;
    const what = mode === 'embedded' ? await crashEmbedded(round) : await crashNative(round);
    await checkAll(false);
    console.info(
      `${round}: ${what}; ${journal.acknowledged - before} acknowledged, ${journal.unanswered} unanswered so far`,
    );
  });

  it('had clients at work whose requests got no answer', () => {
    expect(journal.acknowledged).toBeGreaterThan(ROUNDS * CLIENTS);
    expect(journal.unanswered).toBeGreaterThan(ROUNDS / 2);
  });

  it('in the end has every acknowledged write, whole, and shows nothing else', async () => {
    await checkAll(true);
  });

  it('has exactly one record of every request id that a client received', async () => {
    expect(journal.received.length).toBeGreaterThan(journal.acknowledged);
    expect(await checkRecordsWithin(running.data, journal.received, SETTLE_WITHIN_MS)).toEqual([]);
  });

  it('keeps no orphan blob beyond the collector, and every blob in use', async () => {
    expect(await checkBlobsWithin(running.data, mode as Mode, SETTLE_WITHIN_MS)).toEqual([]);
  });

  it('ends with 0 on SIGTERM', async () => {
    await running.stop();
  });
});
