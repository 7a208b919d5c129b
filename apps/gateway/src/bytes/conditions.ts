import { Fault, s3Error } from '@coffer/contracts';
import { unquoted } from './etag.ts';

export interface ReadConditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: Date | undefined;
  readonly ifUnmodifiedSince?: Date | undefined;
}

export interface Validators {
  /** Without quotes. */
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
}

/** A list of ETags, or `*`, names this one. */
function names(list: string, etag: string): boolean {
  return list.split(',').some((item) => {
    const one = item.trim().replace(/^W\//, '');
    return one === '*' || unquoted(one) === etag;
  });
}

/** HTTP dates have whole seconds. */
const second = (ms: number): number => Math.floor(ms / 1000);

/**
 * Decides a conditional read as RFC 9110 section 13.2.2 and S3 do: If-Match before If-Unmodified-Since (a match makes
 * the date irrelevant), then If-None-Match before If-Modified-Since.
 */
export function conditionOutcome(
  conditions: ReadConditions,
  found: Validators,
): 'ok' | 'not-modified' | { failed: string } {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!names(ifMatch, found.etag)) return { failed: 'If-Match' };
  } else if (ifUnmodifiedSince && second(found.lastModified) > second(ifUnmodifiedSince.getTime())) {
    return { failed: 'If-Unmodified-Since' };
  }
  if (ifNoneMatch !== undefined) {
    if (names(ifNoneMatch, found.etag)) return 'not-modified';
  } else if (ifModifiedSince && second(found.lastModified) <= second(ifModifiedSince.getTime())) {
    return 'not-modified';
  }
  return 'ok';
}

/** Throws 412 PreconditionFailed or 304 for a read. */
export function checkReadConditions(conditions: ReadConditions, found: Validators): void {
  const outcome = conditionOutcome(conditions, found);
  if (outcome === 'not-modified') {
    throw new Fault('NotModified', 'Not Modified', {
      status: 304,
      headers: { ETag: `"${found.etag}"`, 'Last-Modified': new Date(found.lastModified).toUTCString() },
    });
  }
  if (outcome !== 'ok') throw s3Error('PreconditionFailed', { Condition: outcome.failed });
}

/** Throws 412 for the source of a copy; there, «not modified» is a failed precondition too. */
export function checkCopyConditions(conditions: ReadConditions, found: Validators): void {
  const outcome = conditionOutcome(conditions, found);
  if (outcome === 'not-modified') {
    throw s3Error('PreconditionFailed', {
      Condition:
        conditions.ifNoneMatch === undefined
          ? 'x-amz-copy-source-If-Modified-Since'
          : 'x-amz-copy-source-If-None-Match',
    });
  }
  if (outcome !== 'ok') throw s3Error('PreconditionFailed', { Condition: `x-amz-copy-source-${outcome.failed}` });
}
