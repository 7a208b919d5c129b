import type { Content } from './contents.ts';

/** One of the things that a key may hold; `undefined`: nothing. */
export type Value = Content | undefined;

/**
 * A key of an unversioned bucket, written by one client, one operation after the other. While every answer came, exactly
 * one value is possible. An operation without an answer adds what it would have made, and the key is retired: nobody
 * writes to it again, so that a late effect cannot be taken for another's.
 */
export interface KeyState {
  readonly possible: Value[];
  readonly retired: boolean;
}

export interface VersionState {
  readonly versionId: string;
  /** `undefined`: a delete marker. */
  readonly content: Content | undefined;
}

/** A key of a versioned bucket; retired in the same way. */
export interface VersionedKey {
  /** Acknowledged and not removed, oldest first. */
  readonly versions: VersionState[];
  /** Version ids whose removal was acknowledged. */
  readonly removed: Set<string>;
  /** Version ids whose removal got no answer. */
  readonly maybeRemoved: Set<string>;
  /** What got no answer: each may have become one version. */
  readonly maybeAdded: (Content | undefined)[];
  retired: boolean;
}

export interface PartState {
  readonly size: number;
  /** Hexadecimal MD5 of every body that the part may have. */
  readonly etags: string[];
  /** Whether some upload of the part was acknowledged. */
  readonly acknowledged: boolean;
}

export interface UploadState {
  readonly key: string;
  readonly uploadId: string;
  readonly parts: Map<number, PartState>;
  /** `unsure`: a completion or an abort got no answer. */
  state: 'open' | 'gone' | 'unsure';
}

/** A key that several clients race to make with `If-None-Match: *`. */
export interface RaceState {
  readonly won: Content[];
  readonly unsure: Content[];
}

export interface PolicyState {
  /** Whether the bucket's creation was acknowledged. */
  created: boolean;
  /** Policies that the bucket may have; `undefined`: none. */
  possible: (string | undefined)[];
  retired: boolean;
}

/** A response that some client received. */
export interface Received {
  readonly requestId: string;
  readonly status: number;
  /** `PUT /bucket/key`, for messages. */
  readonly what: string;
}

/** Everything that clients asked for and were told. The checker compares it with what a stack shows. */
export class Journal {
  readonly keys = new Map<string, KeyState>();
  readonly versioned = new Map<string, VersionedKey>();
  readonly uploads = new Map<string, UploadState>();
  readonly races = new Map<string, RaceState>();
  readonly policies = new Map<string, PolicyState>();
  /** SHA-256 of every body that any client tried to write: nothing else may ever be read. */
  readonly attempted = new Set<string>();
  /** CreateMultipartUpload without an answer: so many uploads may exist that nobody knows the id of. */
  unansweredUploads = 0;
  readonly received: Received[] = [];
  /** What clients saw meanwhile that must not happen: a refusal without reason, a read of the wrong bytes. */
  readonly contradictions: string[] = [];
  acknowledged = 0;
  unanswered = 0;

  /** What a key holds when that is certain. */
  current(key: string): Value {
    return this.keys.get(key)?.possible[0];
  }

  /** The operation was acknowledged: this and nothing else is there. */
  settled(key: string, value: Value): void {
    this.acknowledged += 1;
    this.keys.set(key, { possible: [value], retired: false });
  }

  /** The operation got no answer: what was, or this. */
  unsure(key: string, value: Value): void {
    this.unanswered += 1;
    const before = this.keys.get(key)?.possible ?? [undefined];
    this.keys.set(key, { possible: [...before, value], retired: true });
  }

  versionedKey(key: string): VersionedKey {
    let state = this.versioned.get(key);
    if (!state) {
      state = { versions: [], removed: new Set(), maybeRemoved: new Set(), maybeAdded: [], retired: false };
      this.versioned.set(key, state);
    }
    return state;
  }

  race(key: string): RaceState {
    let state = this.races.get(key);
    if (!state) this.races.set(key, (state = { won: [], unsure: [] }));
    return state;
  }
}
