import { setTimeout as pause } from 'node:timers/promises';
import type { Target } from '../client.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Shared } from './caller.ts';
import { Caller, KEPT, PLAIN } from './caller.ts';
import { getVersion, list, look } from './reads.ts';
import { copy, multipart, put, putConditionally, remove, removeSeveral, removeVersion } from './writes.ts';

/** Longest pause between two calls of one client, in milliseconds. */
const THINK_MS = 200;
const AFTER_FAILURE_MS = 150;

type Act = (caller: Caller, bucket: string, key: string) => Promise<void>;

const MIX: readonly (readonly [Act, number])[] = [
  [look, 8],
  [(caller, bucket) => look(caller, bucket, caller.shared.keys.pickOld(caller.number, caller.random)), 2],
  [put, 6],
  [putConditionally, 3],
  [remove, 2],
  [(caller) => removeSeveral(caller, [...new Set([pick(caller), pick(caller)])]), 0.7],
  [(caller, bucket, key) => copy(caller, bucket, pick(caller), key), 2],
  [multipart, 1],
  [
    (caller, bucket) => {
      const { prefix, keys } = caller.shared.keys.group(caller.number, caller.random);
      return list(caller, bucket, prefix, keys);
    },
    1.5,
  ],
  [(caller, _, key) => getVersion(caller, key), 1],
  [(caller, _, key) => removeVersion(caller, key), 1],
];

function pick(caller: Caller): string {
  return caller.shared.keys.pick(caller.number, caller.random);
}

/** Many clients, each doing one thing after the other, on all gateways alike. */
export class Load {
  readonly callers: readonly Caller[];
  #stopping = false;
  #running: Promise<void>[] = [];

  constructor(shared: Shared, random: SeededRandom, targets: readonly Target[], clients: number) {
    this.callers = Array.from({ length: clients }, (_, number) => {
      const gateway = number % targets.length;
      return new Caller(number, random.fork(number + 1), shared, targets[gateway]!, `gateway ${gateway + 1}`);
    });
  }

  /** The epoch in which the call began that has been under way for longest. */
  oldestEpoch(): number {
    return Math.min(...this.callers.map(({ epoch }) => epoch));
  }

  start(): void {
    this.#stopping = false;
    this.#running = this.callers.map((caller) => this.#run(caller));
  }

  /** Resolves when no call is under way any more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  close(): void {
    for (const caller of this.callers) caller.close();
  }

  async #run(caller: Caller): Promise<void> {
    while (!this.#stopping) {
      caller.epoch = caller.shared.keys.epoch;
      const bucket = caller.random.chance(0.6) ? PLAIN : KEPT;
      await caller.random.weighted(MIX)(caller, bucket, pick(caller));
      await pause(caller.lastFailure ? AFTER_FAILURE_MS : caller.random.int(0, THINK_MS));
    }
  }
}
