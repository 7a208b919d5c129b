import { describe, expect, it } from 'vitest';
import { checkCopyConditions, checkReadConditions, conditionOutcome } from './conditions.ts';

const found = { etag: 'abc', lastModified: Date.parse('2026-01-02T03:04:05.678Z') };
const before = new Date('2026-01-01T00:00:00Z');
const same = new Date('2026-01-02T03:04:05Z');
const after = new Date('2026-01-03T00:00:00Z');

describe('conditional reads', () => {
  it.each([
    [{ ifMatch: '"abc"' }, 'ok'],
    [{ ifMatch: 'abc' }, 'ok'],
    [{ ifMatch: '*' }, 'ok'],
    [{ ifMatch: '"x", "abc"' }, 'ok'],
    [{ ifMatch: '"x"' }, { failed: 'If-Match' }],
    [{ ifUnmodifiedSince: before }, { failed: 'If-Unmodified-Since' }],
    [{ ifUnmodifiedSince: same }, 'ok'],
    [{ ifMatch: '"abc"', ifUnmodifiedSince: before }, 'ok'],
    [{ ifNoneMatch: '"abc"' }, 'not-modified'],
    [{ ifNoneMatch: '*' }, 'not-modified'],
    [{ ifNoneMatch: '"x"' }, 'ok'],
    [{ ifModifiedSince: same }, 'not-modified'],
    [{ ifModifiedSince: before }, 'ok'],
    [{ ifModifiedSince: after }, 'not-modified'],
    [{ ifNoneMatch: '"x"', ifModifiedSince: after }, 'ok'],
  ] as const)('%j is %j', (conditions, outcome) => {
    expect(conditionOutcome(conditions, found)).toEqual(outcome);
  });

  it('answers 304 with the validators, and 412 with the condition that failed', () => {
    expect(() => checkReadConditions({ ifNoneMatch: '"abc"' }, found)).toThrow(
      expect.objectContaining({ status: 304, headers: expect.objectContaining({ ETag: '"abc"' }) }),
    );
    expect(() => checkReadConditions({ ifMatch: '"x"' }, found)).toThrow(
      expect.objectContaining({ code: 'PreconditionFailed', extras: { Condition: 'If-Match' } }),
    );
  });

  it('fails a copy where a read would be «not modified»', () => {
    expect(() => checkCopyConditions({ ifNoneMatch: '"abc"' }, found)).toThrow(
      expect.objectContaining({ status: 412, extras: { Condition: 'x-amz-copy-source-If-None-Match' } }),
    );
  });
});
