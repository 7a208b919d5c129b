import { replay } from '@coffer/fuzz';
import { expect, it } from 'vitest';
import busMessage from './bus-message.fuzz.ts';

it('holds for messages on the bus', async () => {
  const seen = await replay(busMessage);
  expect([...seen.keys()]).toEqual(expect.arrayContaining([...busMessage.mustSee]));
});
