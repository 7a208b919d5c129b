import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Admission, type Place } from './admission.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const enter = (admission: Admission, count: number, transfers = false): Place[] =>
  Array.from({ length: count }, () => admission.enter(transfers)).filter((place) => place !== undefined);

describe('admission', () => {
  it('has room for a burst, and turns away what is more', () => {
    const admission = new Admission(10_000);
    const places = enter(admission, 1_000);
    expect(places).toHaveLength(256);
    places[0]!.leave();
    expect(enter(admission, 1_000)).toHaveLength(1);
    expect(admission.inFlight).toBe(256);
  });

  it('lets as many wait as are answered in a quarter of a second', () => {
    const admission = new Admission(10_000);
    for (let round = 0; round < 20; round += 1) {
      for (const place of enter(admission, 200)) place.leave();
      vi.advanceTimersByTime(50);
    }
    // 4,000 a second.
    expect(enter(admission, 5_000)).toHaveLength(1_000);
  });

  it('does not count what moves bytes among those that wait, but among all', () => {
    const admission = new Admission(400);
    const uploads = enter(admission, 100, true);
    const places = enter(admission, 300);
    expect(places).toHaveLength(256);
    for (const place of places) place.transfers();
    expect(enter(admission, 300)).toHaveLength(44);
    expect(admission.inFlight).toBe(400);
    for (const place of [...uploads, ...places]) place.leave();
    expect(admission.inFlight).toBe(44);
  });

  it('gives the turn of those that wait for something else to others', () => {
    const admission = new Admission(400);
    const stuck = enter(admission, 256);
    expect(enter(admission, 1)).toHaveLength(0);
    vi.advanceTimersByTime(2_000);
    expect(enter(admission, 200)).toHaveLength(144);
    for (const place of stuck) place.leave();
    expect(admission.inFlight).toBe(144);
  });

  it('counts a place once, however often it is left', () => {
    const admission = new Admission(2);
    const [one] = enter(admission, 2);
    one!.leave();
    one!.leave();
    expect(admission.inFlight).toBe(1);
    expect(enter(admission, 5)).toHaveLength(1);
  });
});
