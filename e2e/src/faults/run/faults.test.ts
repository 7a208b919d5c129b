import { expect, it } from 'vitest';
import { SeededRandom } from '../seeded-random.ts';
import { roundOf } from './faults.ts';

const rounds = (seed: number, withDisk: boolean) =>
  Array.from({ length: 60 }, (_, n) => roundOf(new SeededRandom(seed), n, withDisk));
const told = (seed: number) =>
  rounds(seed, true).map(({ calmMs, apartMs, faults }) => [calmMs, apartMs, ...faults.map(({ what }) => what)]);

it('the same seed gives the same rounds, another seed others', () => {
  expect(told(1)).toEqual(told(1));
  expect(told(1)).not.toEqual(told(2));
});

it('every kind has its turn', () => {
  const kinds = (withDisk: boolean) =>
    new Set(
      rounds(3, withDisk)
        .slice(0, 10)
        .flatMap(({ faults }) => faults.map(({ kind }) => kind)),
    );
  expect([...kinds(true)].toSorted()).toEqual(['break-puts', 'cut', 'delay', 'disk-full', 'hold', 'kill', 'stop']);
  expect(kinds(false).has('disk-full')).toBe(false);
});
