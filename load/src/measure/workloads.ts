import { load } from '../client/client.ts';
import { copyKeys } from '../keys/copy-keys.ts';
import { clientOptions, type KeyShape } from '../keys/shape.ts';
import type { Scale, Workload } from './workload.ts';

const MIB = 1024 * 1024;

interface Size {
  readonly tag: string;
  readonly title: string;
  readonly bytes: number;
  readonly inFlight: number;
  /** Objects to read. */
  readonly objects: number;
  /** Objects of a run that counts: what is deleted, and what is put where a second would put too few. */
  readonly count: number;
}

const WARM_UP_SECONDS = 20;

const small: Size = { tag: '4k', title: '4 KiB', bytes: 4096, inFlight: 32, objects: 2000, count: 1500 };
const middle: Size = { tag: '1m', title: '1 MiB', bytes: MIB, inFlight: 8, objects: 100, count: 100 };
const large: Size = { tag: '64m', title: '64 MiB', bytes: 64 * MIB, inFlight: 4, objects: 4, count: 4 };

const seconds = (value: number): string => `${Math.round(value * 1000)}ms`;

function bodies(size: Size, scale: Scale): Workload[] {
  const shape = ['--size', String(size.bytes), '--in-flight', String(size.inFlight)];
  const objects = ['--objects', String(size.objects)];
  const during = ['--duration', seconds(scale.seconds)];
  // A server whose code is compiled as it runs reaches its speed after some thousand requests of a kind.
  const shortly = [
    '--duration',
    seconds(size === small ? (scale.warmUpSeconds ?? WARM_UP_SECONDS) : Math.min(1, scale.seconds)),
  ];
  const bucket = `bench-${size.tag}`;
  const seed: Workload['seed'] = {
    name: bucket,
    async write(subject, into) {
      const args = ['--create-bucket', '--op', 'put', ...shape, '--count', String(size.objects)];
      await load(subject, into, args);
    },
  };
  const common = { bucket, seed, groups: [size.tag], figure: 'opsPerSecond' as const };
  const counted = (mark: string): string[] => ['--prefix', `${mark}/`, ...shape, '--count', String(size.count)];
  const title = (verb: string): string => `${verb} ${size.title}, ${size.inFlight} in flight`;
  const put: Workload = {
    ...common,
    name: `put-${size.tag}`,
    title: title('PUT'),
    measure: (mark) =>
      size === large ? ['--op', 'put', ...counted(mark)] : ['--op', 'put', '--prefix', `${mark}/`, ...shape, ...during],
    ...(size === small && { warmUp: (mark: string) => ['--op', 'put', '--prefix', `${mark}/`, ...shape, ...shortly] }),
  };
  const get: Workload = {
    ...common,
    name: `get-${size.tag}`,
    title: title('GET'),
    measure: () => ['--op', 'get', ...shape, ...objects, ...during],
    warmUp: () => ['--op', 'get', ...shape, ...objects, ...shortly],
  };
  if (size === large) return [put, get].map((each) => ({ ...each, figure: 'mibPerSecond' as const }));
  const head: Workload = {
    ...common,
    name: `head-${size.tag}`,
    title: title('HEAD'),
    measure: () => ['--op', 'head', ...shape, ...objects, ...during],
    warmUp: () => ['--op', 'head', ...shape, ...objects, ...shortly],
  };
  const remove: Workload = {
    ...common,
    name: `delete-${size.tag}`,
    title: title('DELETE'),
    before: (mark) => ['--op', 'put', ...counted(mark)],
    measure: (mark) => ['--op', 'delete', ...counted(mark)],
  };
  const mixed: Workload = {
    ...common,
    name: 'mixed',
    title: `mixed (70 % GET, 20 % PUT, 5 % LIST, 5 % DELETE), ${size.title}, ${size.inFlight} in flight`,
    groups: [],
    measure: (mark) => ['--op', 'mixed', '--seed', mark, ...shape, ...objects, ...during],
  };
  return [put, get, head, remove, ...(size === small ? [mixed] : [])];
}

/** Fills a bucket with keys: Coffer's by COPY, another server's through its front door. */
function keysSeed(name: string, shape: KeyShape, size: number): NonNullable<Workload['seed']> {
  return {
    name,
    async write(subject, bucket) {
      if (subject.dataFolder !== undefined) {
        await copyKeys(subject, subject.dataFolder, { ...shape, bucket, size });
        return;
      }
      const keys = ['--count', String(shape.keys), '--size', String(size), ...clientOptions(shape)];
      await subject.whileSeeding(async () => {
        await load(subject, bucket, ['--create-bucket', '--op', 'put', '--in-flight', '64', ...keys]);
      });
    },
  };
}

interface Groups {
  readonly name: string;
  readonly groups: number;
  readonly keysEach: number;
  readonly delimiter: string;
}

const groupings: readonly Groups[] = [
  { name: 'delimiter', groups: 200, keysEach: 50, delimiter: '/' },
  { name: 'delimiter-5', groups: 200, keysEach: 5, delimiter: '/' },
  { name: 'delimiter-250', groups: 200, keysEach: 250, delimiter: '/' },
  { name: 'delimiter-dash', groups: 200, keysEach: 50, delimiter: '-' },
];

function listings(scale: Scale): Workload[] {
  const whole: KeyShape = { prefix: 'k/', keys: scale.listed, group: 0, delimiter: '/' };
  const pages = Math.ceil(whole.keys / 1000);
  const walk = ['--op', 'list', '--in-flight', '1'];
  const flat: Workload = {
    name: 'list',
    title: `list ${scale.listed.toLocaleString('en')} keys whole, in pages of 1000`,
    groups: ['listing'],
    figure: 'entriesPerSecond',
    bucket: `bench-list-${scale.listed}`,
    seed: keysSeed(`list-${scale.listed}`, whole, 4096),
    measure: () => [...walk, '--prefix', whole.prefix, '--count', String(pages), '--expect-keys', String(whole.keys)],
  };
  const grouped = groupings.map(({ name, groups, keysEach, delimiter }): Workload => {
    const shape: KeyShape = { prefix: 'k/', keys: groups * keysEach, group: keysEach, delimiter };
    const args = [...walk, '--list', 'delimiter', '--prefix', shape.prefix, '--delimiter', delimiter];
    const expected = ['--expect-prefixes', String(groups), '--expect-keys', '0'];
    return {
      name: `list-${name}`,
      title: `list by delimiter “${delimiter}”, ${groups} prefixes of ${keysEach} keys`,
      groups: ['listing'],
      figure: 'entriesPerSecond',
      bucket: `bench-${name}`,
      seed: keysSeed(name, shape, 16),
      measure: () => [...args, ...expected, '--duration', seconds(scale.seconds)],
      warmUp: () => [...args, ...expected, '--count', '10'],
    };
  });
  return [flat, ...grouped];
}

/** Everything that is measured beside MinIO. */
export function workloads(scale: Scale): Workload[] {
  return [...bodies(small, scale), ...bodies(middle, scale), ...bodies(large, scale), ...listings(scale)];
}
