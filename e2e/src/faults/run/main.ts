// A load of many clients while faults are done to a native stack; see docs/reliability.md. Run it by `npm run faults`.
import { join } from 'node:path';
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { workspace } from '../../harness/paths.ts';
import { checkBlobsWithin } from '../blobs.ts';
import type { Target } from '../client.ts';
import { watchedClient } from '../client.ts';
import { CrashableStack } from '../crashable-stack.ts';
import { checkRecordsWithin } from '../records.ts';
import { SeededRandom } from '../seeded-random.ts';
import { Caller, KEPT, PLAIN, Shared } from './caller.ts';
import { Detours } from './detours.ts';
import { Disk } from './disk.ts';
import { Epochs } from './epochs.ts';
import { Keys } from './keys.ts';
import { buildChecker } from './linearizability.ts';
import { Load } from './load.ts';
import { readOptions } from './options.ts';
import { Probe, PROBED } from './probe.ts';
import type { Finding } from './report.ts';
import { summary, verdict, violationsOf, writeCounts } from './report.ts';
import { checkAnswers, runRounds, WITHIN_MS } from './run.ts';
import { StackStatus } from './stack-status.ts';

const REPLICAS = ['--gateways', '2', '--object-storages', '2'];
const CLIENTS = 12;
const SETTLE_WITHIN_MS = 40_000;
const say = (line: string): void => console.info(line);

async function prepare(target: Target, shared: Shared): Promise<void> {
  const client = watchedClient(target, (received) => shared.received.push(received), 5);
  for (const Bucket of [PLAIN, KEPT, PROBED]) await client.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await client.send(new PutBucketVersioningCommand({ Bucket: KEPT, VersioningConfiguration }));
  client.destroy();
}

async function main(): Promise<boolean> {
  const { minutes, seed } = readOptions(process.argv.slice(2));
  const repeat = `npm run faults -- --minutes ${minutes} --seed ${seed}`;
  say(`faults: ${repeat}`);
  await buildChecker();
  const random = new SeededRandom(seed);
  const detours = await Detours.open(() => stack.data);
  const stack = await CrashableStack.create('native', { COFFER_STACK_DETOURS: detours.setting }, REPLICAS);
  // A data folder has to be made by Coffer itself before anything can lie in it.
  await stack.start();
  await stack.stop();
  const mounted = await Disk.mount(join(stack.folder, 'disk'), join(stack.data, 'minio'));
  const disk = typeof mounted === 'string' ? undefined : mounted;
  if (!disk) say(`left out: a full disk (${mounted as string})`);
  try {
    await stack.start();
    const targets = [0, 1].map((n) => ({ ...stack.target(), endpoint: stack.endpointOf(n) }));
    const shared = new Shared(new Keys(CLIENTS));
    await prepare(targets[0]!, shared);
    const load = new Load(shared, random.fork(1), targets, CLIENTS);
    const status = await StackStatus.of(stack.data);
    const probe = new Probe(status, shared, random.fork(2), targets);
    load.start();
    // It checks, so it repeats what a process on its way back refuses.
    const checking = new Caller(CLIENTS, random.fork(4), shared, targets[0]!, 'gateway 1', 5);
    const epochs = new Epochs(checking, shared);
    const field = { data: stack.data, detours, disk };
    const makeRoom = async (): Promise<void> => {
      await epochs.endOld(load);
      await disk?.emptyTrash();
    };
    const rounds = await runRounds(random.fork(3), minutes, field, probe, makeRoom, shared, say);
    await load.stop();
    load.close();
    probe.close();
    await status.close();

    say('the clients have stopped; checking');
    const { history } = shared;
    const answers = checkAnswers(rounds, shared);
    await epochs.endAll();
    checking.close();
    const result = epochs.linearizability;
    const findings: Finding[] = [
      {
        promise:
          'every answer fits one order of what was done to its key (nothing acknowledged is lost, nothing read that was not valid)',
        problems: violationsOf(result),
      },
      { promise: 'every answer by itself is what was asked for', problems: history.problems },
      {
        promise: 'in the end listings, versions and bodies are what clients were told, and every body opens',
        problems: epochs.problems,
      },
      {
        promise: `everything answers ${WITHIN_MS / 1000} s after a fault's end, and fails only when disturbed`,
        problems: answers,
      },
      {
        promise: 'each request that was answered has exactly one record',
        problems: await checkRecordsWithin(stack.data, shared.received, SETTLE_WITHIN_MS),
      },
      {
        promise: 'every blob in use is there, and no other is left',
        problems: await checkBlobsWithin(stack.data, 'native', SETTLE_WITHIN_MS),
      },
    ];
    await stack.stop();
    for (const text of [...summary(history, rounds, result), ...verdict(findings)]) say(text);
    writeCounts(join(workspace, '.results', 'faults.json'), findings, disk ? 0 : 1);
    const kept = findings.every(({ problems }) => problems.length === 0);
    say(kept ? `every promise was kept (seed ${seed})` : `to repeat: ${repeat}`);
    return kept;
  } finally {
    detours.close();
    await disk?.unmount();
    await stack.remove();
  }
}

process.exitCode = (await main()) ? 0 : 1;
