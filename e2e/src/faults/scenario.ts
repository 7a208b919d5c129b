import type { IAMClient } from '@aws-sdk/client-iam';
import type { S3Client } from '@aws-sdk/client-s3';
import type { CrashableStack } from './crashable-stack.ts';

/** What an operation finds to work with. */
export interface World {
  readonly running: CrashableStack;
  readonly s3: S3Client;
  readonly iam: IAMClient;
  /** A bucket for everything, not versioned. */
  readonly bucket: string;
  /** Versioning enabled. */
  readonly versioned: string;
  /** Different in every test. */
  readonly unique: string;
  /** Bodies by name, the same for one test. */
  body(name: string): Buffer;
  /** What `prepare` wants to tell `act`. */
  readonly facts: Map<string, string>;
}

/** Nothing of the change is there, or all of it. */
export type State = 'before' | 'after';

/** One change, the places where it can be broken off, and how to tell whether it happened. */
export interface Scenario {
  readonly name: string;
  readonly failpoints: readonly string[];
  prepare?(world: World): Promise<unknown>;
  act(world: World): Promise<unknown>;
  /** Throws when what is there is neither. */
  state(world: World): Promise<State>;
  /** Codes that a repetition may be answered with when the change has happened already. */
  readonly repeated?: readonly string[];
  /** Operation, as in the records, by which a change that got no answer is found there. */
  readonly operation: string;
}

/** Failpoints after which the change must be there. */
const AFTER = /\.(before-reply|before-answer|before-settle|before-final|committed|published|reached)$/;
/** A grant is no deletion yet, but the roll-forward may have carried it out meanwhile. */
const GRANTED = /grantDeletion\.committed$|\.after-grant$/;
/** This one may strike in the record of the change itself or, earlier, in one that a read left. */
const EITHER = 'audit.record.committed';

/** What must be there after a crash at this point; undefined where either is in order. */
export function expectedState(failpoint: string): State | undefined {
  if (GRANTED.test(failpoint) || failpoint === EITHER) return undefined;
  return AFTER.test(failpoint) ? 'after' : 'before';
}
