import { replay } from '@coffer/fuzz';
import { expect, it } from 'vitest';
import policy from './policy.fuzz.ts';

it('holds for policies', async () => {
  const seen = await replay(policy);
  expect([...seen.keys()]).toEqual(expect.arrayContaining([...policy.mustSee]));
});
