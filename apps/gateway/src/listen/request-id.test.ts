import { requestId } from '@coffer/contracts';
import { describe, expect, it } from 'vitest';
import { newRequestId } from './request-id.ts';

describe('request ids', () => {
  it('are of the form that every service checks, unique, and sort by time', () => {
    const ids = Array.from({ length: 2000 }, (_, index) => newRequestId(1_700_000_000_000 + index));
    for (const id of ids) expect(requestId.safeParse(id).success).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
  });
});
