import type { Caller } from '@coffer/contracts';

/** One version of one object. */
export interface VersionRef {
  readonly bucketId: string;
  readonly key: string;
  readonly internalVersionId: string;
}

/** What governance holds about a version, read under the version's lock. */
export interface VersionState {
  readonly version: VersionRef;
}

/** Who wants the version destroyed, and what they brought along. */
export interface DestructionRequest {
  readonly caller: Caller;
  /** `x-amz-mfa`: serial number and code, as the client sent them. */
  readonly mfa: string | undefined;
  /** The client asked to bypass GOVERNANCE retention, and the gateway found that it may. */
  readonly bypassGovernance: boolean;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
}

/**
 * One reason why a version may have to stay. Pure: it returns the reason for refusing, or undefined when it has
 * nothing against the destruction. A rule that throws refuses.
 */
export type Rule = (state: VersionState, request: DestructionRequest) => string | undefined;
