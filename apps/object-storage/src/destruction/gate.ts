import { Fault, governance, s3Error, type Caller, type RequestRecord } from '@coffer/contracts';
import type { Deps } from '../deps.ts';

export interface VersionRef {
  bucketId: string;
  key: string;
  internalVersionId: string;
}

export interface GateRequest {
  caller: Caller;
  mfa?: string | undefined;
  bypassGovernance?: boolean | undefined;
  purpose: 'delete' | 'replace';
  draft: RequestRecord;
}

/** A grant, or why there is none. */
export type Verdict = { grantId: string } | { fault: Fault };

const AT_ONCE = 1000;

/**
 * Asks governance for the right to destroy these versions; one verdict each, in order. Whatever goes wrong on the way
 * means no: a version is never destroyed because nobody could be asked.
 */
export async function askGrants(deps: Deps, request: GateRequest, versions: readonly VersionRef[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (let at = 0; at < versions.length; at += AT_ONCE) {
    verdicts.push(...(await askSome(deps, request, versions.slice(at, at + AT_ONCE))));
  }
  return verdicts;
}

async function askSome(deps: Deps, request: GateRequest, versions: VersionRef[]): Promise<Verdict[]> {
  const { caller, mfa, bypassGovernance, purpose, draft } = request;
  try {
    const { results } = await deps.bus.call(governance.grantDeletion, {
      caller,
      versions,
      purpose,
      draft,
      ...(mfa === undefined ? {} : { mfa }),
      ...(bypassGovernance === undefined ? {} : { bypassGovernance }),
    });
    return versions.map((_, index) => {
      const result = results[index];
      if (result && 'grantId' in result) return { grantId: result.grantId };
      return {
        fault: result ? s3Error('AccessDenied', {}, { message: result.refused }) : s3Error('ServiceUnavailable'),
      };
    });
  } catch (error) {
    deps.log.warn({ err: error, versions: versions.length }, 'governance could not be asked: nothing is destroyed');
    const refusal = error instanceof Fault && error.code === 'AccessDenied' ? error : s3Error('ServiceUnavailable');
    return versions.map(() => ({ fault: refusal }));
  }
}

/** Tells governance that these grants were carried out. When that fails (false), the roll-forward tells it later. */
export async function settleGrants(deps: Deps, grantIds: Iterable<string>): Promise<boolean> {
  const all = [...new Set(grantIds)];
  let settled = true;
  for (let at = 0; at < all.length; at += AT_ONCE) {
    try {
      await deps.bus.call(governance.settleGrants, { grantIds: all.slice(at, at + AT_ONCE) });
    } catch (error) {
      settled = false;
      deps.log.warn({ err: error }, 'grants were carried out but could not be settled yet');
    }
  }
  return settled;
}
