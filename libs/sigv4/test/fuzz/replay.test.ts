import { replay } from '@coffer/fuzz';
import { expect, it } from 'vitest';
import authorization from './authorization.fuzz.ts';
import awsChunked from './aws-chunked.fuzz.ts';
import presigned from './presigned.fuzz.ts';

it.each([authorization, awsChunked, presigned])('holds for $name', async (target) => {
  const seen = await replay(target);
  expect([...seen.keys()]).toEqual(expect.arrayContaining([...target.mustSee]));
});
