import { describe, expect, test } from 'vitest';
import { evaluate, UNREADABLE } from './evaluate.ts';
import type { DestructionRequest, Rule, VersionState } from './rule.ts';

const state: VersionState = { version: { bucketId: 'b', key: 'k', internalVersionId: 'v' } };
const request: DestructionRequest = {
  caller: {
    requestId: '01KAS4T0000000000000000000',
    region: 'us-east-1',
    principal: { kind: 'root', accountId: '1', arn: 'arn', userId: '1', canonicalId: 'c' },
  },
  mfa: undefined,
  bypassGovernance: false,
  now: 0,
};
const silent: Rule = () => undefined;

describe('evaluate', () => {
  test('grants when no rule objects', () => {
    expect(evaluate([], state, request)).toBeUndefined();
    expect(evaluate([silent, silent], state, request)).toBeUndefined();
  });

  test('reports the first refusal, wherever it stands', () => {
    expect(evaluate([silent, () => 'first', () => 'second'], state, request)).toBe('first');
  });

  test('refuses when the state cannot be read, before any rule is asked', () => {
    let asked = false;
    const rule: Rule = () => {
      asked = true;
      return undefined;
    };
    expect(evaluate([rule], undefined, request)).toBe(UNREADABLE);
    expect(asked).toBe(false);
  });

  test('a rule that throws refuses', () => {
    const broken: Rule = () => {
      throw new Error('cannot tell');
    };
    expect(evaluate([silent, broken], state, request)).toBe(UNREADABLE);
  });
});
