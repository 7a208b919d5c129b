import { replay } from '@coffer/fuzz';
import { expect, it } from 'vitest';
import sealedBody from './sealed-body.fuzz.ts';
import wrappedKey from './wrapped-key.fuzz.ts';

it.each([sealedBody, wrappedKey])('holds for $name', async (target) => {
  const seen = await replay(target);
  expect([...seen.keys()]).toEqual(expect.arrayContaining([...target.mustSee]));
});
