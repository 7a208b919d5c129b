import { expect, it } from 'vitest';
import { Shared } from './caller.ts';
import { Keys } from './keys.ts';
import type { Done } from './run.ts';
import { checkAnswers } from './run.ts';

const S = 1_000_000;

function round(begin: number, end: number, tookMs: number): Done {
  const recovery = { at: end + tookMs * 1000, tookMs, recovered: true, lastFailure: undefined };
  return { round: 0, faults: ['SIGKILL gateway'], kinds: ['kill'], begin, end, recovery };
}

function problems(rounds: Done[], ...failures: [start: number, end: number][]): string[] {
  const shared = new Shared(new Keys(1));
  for (const [start, end] of failures) shared.history.failures.push({ start, end, what: 'PUT', reason: '503' });
  return checkAnswers(rounds, shared);
}

it('counts a failure against Coffer unless a fault was under way, or had ended a moment before', () => {
  const rounds = [round(10 * S, 12 * S, 2_000), round(30 * S, 30 * S, 500)];
  expect(problems(rounds, [11 * S, 13 * S], [9 * S, 10.5 * S], [13 * S, 15 * S], [30.1 * S, 30.2 * S])).toEqual([]);
  expect(problems(rounds, [1 * S, 2 * S])).toHaveLength(1);
  expect(problems(rounds, [15 * S, 16 * S])).toHaveLength(1);
  expect(problems(rounds, [31 * S, 32 * S])).toHaveLength(1);
});

it('counts it against Coffer when a request that was made after the end had no answer 10 s later', () => {
  expect(problems([round(10 * S, 12 * S, 2_000)], [13 * S, 23 * S])).toHaveLength(1);
});

it('requires that everything answers within 10 s', () => {
  expect(problems([round(0, S, 10_000)])).toEqual([]);
  expect(problems([round(0, S, 10_001)])).toEqual([expect.stringContaining('SIGKILL gateway')]);
});
