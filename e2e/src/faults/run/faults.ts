import { setTimeout as pause } from 'node:timers/promises';
import { isAlive, kill, stackProcess } from '../processes.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Backend, Detours, Service } from './detours.ts';
import { BACKENDS, SERVICES, uses } from './detours.ts';
import type { Way } from './detour.ts';
import type { Disk } from './disk.ts';

/** What faults are done to. */
export interface Field {
  readonly data: string;
  readonly detours: Detours;
  /** Absent where no file system could be mounted. */
  readonly disk: Disk | undefined;
}

/** One fault, chosen before it is done. */
export interface Fault {
  readonly kind: string;
  readonly what: string;
  /** Between its beginning and its end, in milliseconds. */
  readonly holdMs: number;
  /** @returns what ends it */
  begin(field: Field): Promise<() => Promise<void>>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** Waits for a process that may be on its way back from an earlier fault. */
async function processOf(field: Field, name: string): Promise<number> {
  for (let tries = 0; tries < 400; tries += 1) {
    const pid = stackProcess(field.data, name);
    if (pid !== undefined) return pid;
    await pause(50);
  }
  throw new Error(`the stack has no process ${name}`);
}

/** The supervisor starts what was killed again: the fault ends with the kill. */
function killed(random: SeededRandom): Fault {
  const name = random.pick([...SERVICES, ...SERVICES, 'nats', 'minio', 'postgres']);
  return {
    kind: 'kill',
    what: `SIGKILL ${name}`,
    holdMs: 0,
    begin: async (field) => {
      kill(await processOf(field, name));
      return nothing;
    },
  };
}

function stopped(random: SeededRandom): Fault {
  const name = random.pick([...SERVICES, ...SERVICES, 'nats', 'minio']);
  const holdMs = random.int(500, 7_000);
  return {
    kind: 'stop',
    what: `SIGSTOP ${name} for ${holdMs} ms`,
    holdMs,
    begin: async (field) => {
      const pid = await processOf(field, name);
      process.kill(pid, 'SIGSTOP');
      // It may have been killed meanwhile.
      return () => {
        if (isAlive(pid)) process.kill(pid, 'SIGCONT');
        return nothing();
      };
    },
  };
}

/** Something happens on the ways to one backend: those of one process, or of all. */
function between(kind: string, random: SeededRandom, way: Way, longestMs: number, only?: Backend): Fault {
  const backend = only ?? random.pick(BACKENDS);
  const users = SERVICES.filter((service) => uses(service, backend));
  const services: readonly Service[] = random.chance(0.6) ? [random.pick(users)] : users;
  const holdMs = random.int(500, longestMs);
  const how = typeof way === 'object' ? `${way.delayMs} ms of delay` : way;
  const whose = services.length === 1 ? services[0] : 'all';
  return {
    kind,
    what: `${how} between ${whose} and ${backend} for ${holdMs} ms`,
    holdMs,
    begin: (field) => {
      for (const service of services) field.detours.of(service, backend).set(way);
      return Promise.resolve(() => {
        for (const service of services) field.detours.of(service, backend).set('open');
        return Promise.resolve();
      });
    },
  };
}

function full(random: SeededRandom): Fault {
  const holdMs = random.int(1_000, 5_000);
  return {
    kind: 'disk-full',
    what: `the disk of the blob tier is full for ${holdMs} ms`,
    holdMs,
    begin: async (field) => {
      await field.disk!.fill();
      return () => field.disk!.free();
    },
  };
}

/** `kill` and `stop` more than once: there are many processes. */
const KINDS: readonly (readonly [kind: string, make: (random: SeededRandom) => Fault])[] = [
  ['kill', killed],
  ['kill', killed],
  ['kill', killed],
  ['stop', stopped],
  ['stop', stopped],
  ['cut', (random) => between('cut', random, 'cut', 5_000)],
  ['hold', (random) => between('hold', random, 'hold', 7_000)],
  ['delay', (random) => between('delay', random, { delayMs: random.int(20, 400) }, 6_000)],
  ['break-puts', (random) => between('break-puts', random, 'break-puts', 4_000, 'minio')],
  ['disk-full', full],
];

export interface Round {
  /** How long the load runs in calm before, in milliseconds. */
  readonly calmMs: number;
  /** Mostly one; two at once, the second a moment after the first. */
  readonly faults: readonly Fault[];
  readonly apartMs: number;
}

/**
 * The n-th round of a seed, whatever happened in the rounds before it. Every kind has its turn before any comes again.
 * @param withDisk whether the disk can be filled
 */
export function roundOf(seed: SeededRandom, n: number, withDisk: boolean): Round {
  const kinds = KINDS.filter(([kind]) => withDisk || kind !== 'disk-full');
  const random = seed.fork(n + 1);
  const turn = seed.fork(-1 - Math.floor(n / kinds.length));
  const order = kinds.map((kind) => ({ kind, at: turn.next() })).toSorted((a, b) => a.at - b.at);
  const first = order[n % kinds.length]!.kind[1](random);
  const faults = random.chance(0.25)
    ? [first, random.pick(kinds.filter(([kind]) => kind !== first.kind))[1](random)]
    : [first];
  return { calmMs: random.int(500, 2_500), faults, apartMs: random.int(0, 1_000) };
}
