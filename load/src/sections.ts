import { copyKeys } from './keys/copy-keys.ts';
import { clientOptions, keyOf, type KeyShape } from './keys/shape.ts';
import { interleave, type Seeds } from './measure/rounds.ts';
import type { Target, Workload } from './measure/workload.ts';
import { chosen, type Scale } from './measure/workload.ts';
import { workloads } from './measure/workloads.ts';
import type { BenchOptions } from './options.ts';
import { overload, overloadBeside } from './overload.ts';
import type { Outcome } from './report/report.ts';
import { load } from './client/client.ts';
import type { Fleet } from './subjects/fleet.ts';
import { startNull } from './subjects/null-server.ts';
import type { Subject } from './subjects/subject.ts';

/** A comparison of its own, with its own servers. */
export interface Section {
  readonly name: string;
  readonly title: string;
  /** The label that the others are put beside. */
  readonly beside?: string;
  run(fleet: Fleet, options: BenchOptions, seeds: Seeds): Promise<Outcome[]>;
}

const asTargets = (subjects: readonly Subject[]): Target[] =>
  subjects.map((subject) => ({ label: subject.name, subject }));

export async function measureAll(
  targets: readonly Target[],
  wanted: readonly Workload[],
  rounds: number,
  seeds: Seeds,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const workload of wanted)
    outcomes.push({ workload, measured: await interleave(targets, workload, rounds, seeds) });
  return outcomes;
}

const named = (scale: Scale, names: readonly string[]): Workload[] => chosen(workloads(scale), names);

const replicas: Section = {
  name: 'replicas',
  title: 'One gateway and one object-storage beside two of each',
  beside: 'native',
  async run(fleet, options, seeds) {
    const targets = asTargets(await fleet.get(['native', 'native-two']));
    const outcomes = await measureAll(targets, named(options, ['put-4k', 'get-4k', 'head-4k']), options.rounds, seeds);
    await fleet.stop('native-two');
    return outcomes;
  },
};

const records: Section = {
  name: 'records',
  title: 'What the record of each request costs: the same gateway with its recorder taken away',
  beside: 'embedded-unrecorded',
  async run(fleet, options, seeds) {
    const targets = asTargets(await fleet.get(['embedded-recorded', 'embedded-unrecorded']));
    const wanted = named(options, ['put-4k', 'get-4k', 'head-4k', 'put-1m', 'get-1m']);
    const outcomes = await measureAll(targets, wanted, options.rounds, seeds);
    await Promise.all([fleet.stop('embedded-recorded'), fleet.stop('embedded-unrecorded')]);
    return outcomes;
  },
};

const nothingSeeded: Seeds = { has: () => false, add: () => undefined };

const client: Section = {
  name: 'client',
  title: 'What the client reaches against a server that does nothing (the bound that it sets)',
  async run(_, options) {
    const outcomes: Outcome[] = [];
    for (const [bytes, names] of [
      [4096, ['put-4k', 'get-4k', 'head-4k']],
      [1024 * 1024, ['put-1m', 'get-1m']],
      [64 * 1024 * 1024, ['put-64m', 'get-64m']],
    ] as const) {
      const subject = await startNull(bytes);
      try {
        const targets = asTargets([subject]);
        // What this server answers a GET with was never written.
        const wanted = named(options, names).map((workload) => ({ ...workload, seed: undefined }));
        outcomes.push(...(await measureAll(targets, wanted, options.rounds, nothingSeeded)));
      } finally {
        await subject.stop();
      }
    }
    return outcomes;
  },
};

const GROUP = 1000;
/** Of the number that ends each key. */
const DIGITS = 10;

/** What is done in a bucket of `keys` keys, in groups of a thousand. */
function withKeys(keys: number, seconds: number): Workload[] {
  const shape: KeyShape = { prefix: 'k/', keys, group: GROUP, delimiter: '/' };
  const during = ['--duration', `${Math.round(seconds * 1000)}ms`];
  const seed: Workload['seed'] = {
    name: 'keys',
    async write(subject, bucket) {
      await copyKeys(subject, subject.dataFolder!, { ...shape, bucket, size: 16 });
      await load(subject, bucket, ['--op', 'put', '--prefix', 'real/', '--count', '1000']);
    },
  };
  const common = { groups: [], bucket: `bench-keys-${keys}`, seed, figure: 'opsPerSecond' as const };
  const few = ['--in-flight', '4', ...during];
  const middle = keyOf(shape, Math.floor(keys / 2)).slice(0, -DIGITS);
  const reading = ['--prefix', 'real/', '--objects', '1000', ...few];
  const any = ['--size', '16', '--objects', String(keys), ...clientOptions(shape), ...few];
  const listing = ['--in-flight', '1', '--prefix', middle, '--expect-keys', String(GROUP), ...during];
  return [
    {
      ...common,
      name: 'put',
      title: 'PUT 4 KiB, 4 in flight',
      measure: (mark) => ['--op', 'put', '--prefix', `${mark}/`, ...few],
    },
    { ...common, name: 'get', title: 'GET 4 KiB, 4 in flight', measure: () => ['--op', 'get', ...reading] },
    { ...common, name: 'head', title: 'HEAD of any of the keys, 4 in flight', measure: () => ['--op', 'head', ...any] },
    {
      ...common,
      name: 'prefix',
      title: `list one prefix of ${GROUP} keys`,
      measure: () => ['--op', 'list', ...listing],
    },
  ];
}

const keys: Section = {
  name: 'keys',
  title: 'A thousand keys in the bucket beside many',
  async run(fleet, options, seeds) {
    const subjects = await fleet.get(options.subjects.filter((name) => name === 'embedded' || name === 'native'));
    const [few, many] = [withKeys(GROUP, options.seconds), withKeys(options.many, options.seconds)];
    const outcomes: Outcome[] = [];
    for (const [n, workload] of few.entries()) {
      const targets = subjects.flatMap((subject): Target[] => [
        { label: `${subject.name}, ${GROUP.toLocaleString('en')}`, subject },
        { label: `${subject.name}, ${options.many.toLocaleString('en')}`, subject, workload: many[n]! },
      ]);
      outcomes.push({ workload, measured: await interleave(targets, workload, options.rounds, seeds) });
    }
    return outcomes;
  },
};

const overloaded: Section = {
  name: 'overload',
  title: 'What is kept of the rate when three times as much is asked',
  beside: overloadBeside,
  async run(fleet, options) {
    const outcomes: Outcome[] = [];
    for (const subject of await fleet.get(options.subjects.filter((name) => name === 'embedded' || name === 'native')))
      for (const op of ['get', 'put'] as const) outcomes.push(await overload(subject, op, options));
    return outcomes;
  },
};

export const sections: readonly Section[] = [keys, replicas, records, overloaded, client];

/** Names that `--only` may hold. */
export function knownNames(options: Scale): string[] {
  const all = workloads(options);
  return [...new Set([...all.flatMap(({ name, groups }) => [name, ...groups]), ...sections.map(({ name }) => name)])];
}
