import type { S3Client } from '@aws-sdk/client-s3';
import type { Made } from './contents.ts';
import { anySize, body, contentOf } from './contents.ts';
import type { Outcome } from './client.ts';
import { outcomeOf } from './client.ts';
import type { Content } from './contents.ts';
import type { Journal, KeyState } from './journal.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface Buckets {
  /** Never versioned. */
  readonly plain: string;
  /** Versioning enabled. */
  readonly kept: string;
}

/**
 * Answers that only ask the client to try again, having done nothing: here when a process was away for longer than the
 * short grace time that these tests give to a blob nobody refers to yet.
 */
const AGAIN: readonly string[] = ['OperationAborted'];

const KEYS_EACH = 14;
const VERSIONED_KEYS_EACH = 4;

/** One client of the load: it alone writes its keys, one operation after the other. */
export class Worker {
  readonly #slots: string[] = [];
  #named = 0;

  constructor(
    readonly number: number,
    readonly client: S3Client,
    readonly random: SeededRandom,
    readonly journal: Journal,
    readonly buckets: Buckets,
  ) {}

  /** A fresh name below this client's prefix. */
  name(kind: string): string {
    this.#named += 1;
    return `${kind}/c${this.number}/${this.#named} ü+&%`;
  }

  /** One of this client's keys that may be written: retired ones have been replaced by new names. */
  key(): string {
    const at = this.random.int(0, KEYS_EACH - 1);
    const slot = this.#slots[at];
    if (slot !== undefined && !this.journal.keys.get(slot)?.retired) return slot;
    return (this.#slots[at] = this.name('k'));
  }

  /** One of this client's keys that certainly holds something. */
  fullKey(): string | undefined {
    const full = this.#slots.filter((key) => this.#certain(key) && this.journal.current(key) !== undefined);
    return full.length === 0 ? undefined : this.random.pick(full);
  }

  #certain(key: string): boolean {
    const state: KeyState | undefined = this.journal.keys.get(key);
    return state !== undefined && !state.retired;
  }

  /** Several different keys that hold something. */
  fullKeys(most: number): string[] {
    return [...new Set(Array.from({ length: most }, () => this.fullKey()).filter((key) => key !== undefined))];
  }

  readonly #versionedSlots: string[] = [];

  versionedKey(): string {
    const at = this.random.int(0, VERSIONED_KEYS_EACH - 1);
    const slot = this.#versionedSlots[at];
    if (slot !== undefined && !this.journal.versioned.get(slot)?.retired) return slot;
    return (this.#versionedSlots[at] = this.name('v'));
  }

  /** A body that nobody else writes; the journal knows of it before it is sent. */
  make(size: number = anySize(this.random), tags = ''): Made {
    const made = contentOf(body(size), tags);
    this.journal.attempted.add(made.sha256);
    return made;
  }

  async attempt<T>(call: () => Promise<T>): Promise<Outcome<T>> {
    return await outcomeOf(call);
  }

  /** Notes what a write of one key came to. `expected`: refusals that are in order. */
  wrote(key: string, value: Content | undefined, outcome: Outcome<unknown>, expected: readonly string[] = []): void {
    if (outcome.kind === 'done') this.journal.settled(key, value && plain(value));
    else if (outcome.kind === 'unsure') this.journal.unsure(key, value && plain(value));
    else this.refused(key, outcome, expected);
  }

  /** A refusal that the client did not ask for is a lie about what is there or about its rights. */
  refused(what: string, outcome: { code: string; status: number }, expected: readonly string[] = []): void {
    if (!AGAIN.includes(outcome.code) && !expected.includes(outcome.code)) {
      this.journal.contradictions.push(`${what} was refused without reason: ${outcome.status} ${outcome.code}`);
    }
  }
}

/** Without the body, which would fill the memory. */
export function plain({ sha256, size, tags }: Content): Content {
  return { sha256, size, tags };
}
