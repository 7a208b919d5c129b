import { setTimeout as pause } from 'node:timers/promises';
import type { SeededRandom } from '../seeded-random.ts';
import type { Shared } from './caller.ts';
import type { Field, Round } from './faults.ts';
import { roundOf } from './faults.ts';
import { now } from './history.ts';
import type { Probe, Recovery } from './probe.ts';

/** Everything has to answer again this long after a fault's end. */
export const WITHIN_MS = 10_000;

/** What happened in one round. Moments of `now`. */
export interface Done {
  readonly round: number;
  readonly faults: readonly string[];
  readonly kinds: readonly string[];
  readonly begin: number;
  readonly end: number;
  readonly recovery: Recovery;
}

/** Begins and ends the faults of a round. @returns the moments of the first beginning and the last end */
async function disturb(round: Round, field: Field): Promise<{ begin: number; end: number }> {
  const begin = now();
  const ends = await Promise.all(
    round.faults.map(async (fault, at) => {
      await pause(at * round.apartMs);
      const end = await fault.begin(field);
      await pause(fault.holdMs);
      await end();
      return now();
    }),
  );
  return { begin, end: Math.max(...ends) };
}

/** One round after the other until the time is over, or one after which not everything comes back. */
export async function runRounds(
  seed: SeededRandom,
  minutes: number,
  field: Field,
  probe: Probe,
  makeRoom: () => Promise<void>,
  shared: Shared,
  say: (line: string) => void,
): Promise<Done[]> {
  const rounds: Done[] = [];
  for (const until = Date.now() + minutes * 60_000; Date.now() < until;) {
    const round = roundOf(seed, rounds.length, field.disk !== undefined);
    shared.keys.epoch = rounds.length;
    await pause(round.calmMs);
    const moments = await disturb(round, field);
    const recovery = await probe.recovery(moments.end);
    const [faults, kinds] = [round.faults.map(({ what }) => what), round.faults.map(({ kind }) => kind)];
    rounds.push({ round: rounds.length, faults, kinds, ...moments, recovery });
    const how = recovery.recovered ? `answers after ${recovery.tookMs} ms` : `not back after ${recovery.tookMs} ms`;
    const last = recovery.lastFailure === undefined ? '' : `; last failure: ${recovery.lastFailure}`;
    say(
      `${String(rounds.length - 1).padStart(4)}  at ${(moments.begin / 1e6).toFixed(1)} s: ${faults.join(' + ')}: ${how}${last}`,
    );
    if (!recovery.recovered) break;
    await makeRoom();
  }
  return rounds;
}

/** Failures that no fault explains, and faults after which it took too long. */
export function checkAnswers(rounds: readonly Done[], { history }: Shared): string[] {
  const problems: string[] = [];
  for (const { round, faults, recovery } of rounds) {
    if (recovery.tookMs > WITHIN_MS)
      problems.push(
        `round ${round} (${faults.join(' + ')}): everything answered only after ${recovery.tookMs} ms; last: ${recovery.lastFailure}`,
      );
  }
  const excused = (start: number, end: number): boolean =>
    rounds.some((round) => {
      const latest = round.end + WITHIN_MS * 1000;
      // A request made when the fault was over has to be answered, or refused, in that time too.
      if (start > round.end && end > latest) return false;
      return start <= Math.min(round.recovery.at, latest) && end >= round.begin;
    });
  for (const { start, end, what, reason } of history.failures) {
    if (!excused(start, end))
      problems.push(`${what} failed at ${Math.round(start / 1000)} ms, while nothing was disturbed: ${reason}`);
  }
  return problems;
}
