import { replay } from '@coffer/fuzz';
import { expect, it } from 'vitest';
import jsonBody from './json-body.fuzz.ts';
import queryProtocol from './query-protocol.fuzz.ts';
import route from './route.fuzz.ts';
import xmlBody from './xml-body.fuzz.ts';

it.each([jsonBody, queryProtocol, route, xmlBody])('holds for $name', async (target) => {
  const seen = await replay(target);
  expect([...seen.keys()]).toEqual(expect.arrayContaining([...target.mustSee]));
});
