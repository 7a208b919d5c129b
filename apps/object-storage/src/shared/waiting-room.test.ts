import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WaitingRoom } from './waiting-room.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Enters and notes who sits, in order. */
function visitors(room: WaitingRoom) {
  const seated: string[] = [];
  const enter = async (name: string, place: string): Promise<() => void> => {
    const leave = await room.enter(place);
    seated.push(name);
    return leave;
  };
  return { seated, enter };
}

describe('the waiting room', () => {
  it('has two seats for a place, and half of the connections for all', async () => {
    const { seated, enter } = visitors(new WaitingRoom(10));
    for (const place of ['a', 'b', 'c']) for (const each of [1, 2, 3]) void enter(`${place}${each}`, place);
    await vi.advanceTimersByTimeAsync(0);
    expect(seated).toEqual(['a1', 'a2', 'b1', 'b2', 'c1']);
  });

  it('gives a seat that was left to the first in line who may have it', async () => {
    const { seated, enter } = visitors(new WaitingRoom(6));
    const [a1, , b1] = await Promise.all([enter('a1', 'a'), enter('a2', 'a'), enter('b1', 'b')]);
    void enter('a3', 'a');
    void enter('b2', 'b');
    b1();
    b1();
    await vi.advanceTimersByTimeAsync(0);
    expect(seated).toEqual(['a1', 'a2', 'b1', 'b2']);
    a1();
    await vi.advanceTimersByTimeAsync(0);
    expect(seated).toEqual(['a1', 'a2', 'b1', 'b2', 'a3']);
  });

  it('lets nobody stand for ever', async () => {
    const { enter } = visitors(new WaitingRoom(1));
    const leave = await enter('a1', 'a');
    const late = enter('a2', 'a').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await late).toMatchObject({ code: 'SlowDown', status: 503 });
    leave();
    // Who gave up takes no seat.
    await expect(enter('a3', 'a')).resolves.toBeTypeOf('function');
  });
});
