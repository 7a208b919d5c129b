import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newRequestId } from '../testkit/records.ts';
import { dayOf, firstRequestIdAt, lastRequestIdAt, timeOfRequestId } from './request-id.ts';

const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe('request ids', () => {
  test('hold the time that the ULID specification says', () => {
    // The example of https://github.com/ulid/spec.
    expect(timeOfRequestId('01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBe(1469922850259);
    expect(dayOf(1469922850259)).toBe('2016-07-30');
  });

  test('give back the time that went in, and sort by it', () => {
    fc.assert(
      fc.property(time, time, (a, b) => {
        expect(timeOfRequestId(newRequestId(a))).toBe(a);
        expect(timeOfRequestId(firstRequestIdAt(a))).toBe(a);
        expect(timeOfRequestId(lastRequestIdAt(a))).toBe(a);
        const id = newRequestId(a);
        expect(firstRequestIdAt(a) <= id && id <= lastRequestIdAt(a)).toBe(true);
        if (a < b) expect(lastRequestIdAt(a) < firstRequestIdAt(b)).toBe(true);
      }),
    );
  });

  test.each([
    '',
    '01ARZ3NDEKTSV4RRFFQ69G5FA',
    '01ARZ3NDEKTSV4RRFFQ69G5FAVV',
    '01ARZ3NDEKTSV4RRFFQ69G5FAU'.toLowerCase(),
  ])('refuse %j', (text) => expect(timeOfRequestId(text)).toBeUndefined());

  test('refuse letters that the alphabet leaves out, and times of more than 48 bits', () => {
    for (const letter of 'ILOU') expect(timeOfRequestId(`01ARZ3NDEKTSV4RRFFQ69G5FA${letter}`)).toBeUndefined();
    expect(timeOfRequestId('7ZZZZZZZZZ0000000000000000')).toBe(2 ** 48 - 1);
    expect(timeOfRequestId('80000000000000000000000000')).toBeUndefined();
  });
});
