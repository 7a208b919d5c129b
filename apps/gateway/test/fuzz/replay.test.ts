import { replay } from '@coffer/fuzz';
import { expect, it } from 'vitest';
import http from './http.fuzz.ts';

it.each([http])('holds for $name', async (target) => {
  const seen = await replay(target);
  expect([...seen.keys()]).toEqual(expect.arrayContaining([...target.mustSee]));
});
