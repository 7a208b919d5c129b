import { expectation } from '@coffer/fuzz';
import { WireError } from '../../src/wire-error.ts';
import { writeError } from '../../src/write-error.ts';
import { parseXml } from '../../src/xml/parse.ts';

/** A refusal is a client's error, and its answer is a document that reads. */
export function refusal(error: unknown): string {
  if (!(error instanceof WireError)) throw error;
  expectation(error.status >= 400 && error.status < 500, `a refusal has a client's status, not ${error.status}`);
  const { body } = writeError(error.api, error, { requestId: 'R', hostId: 'H' });
  const text = String(body);
  if (text.startsWith('<')) parseXml(text);
  else JSON.parse(text);
  return error.code;
}

/** What was read has no other prototype than it should have, and has changed none. */
export function unspoiled(value: unknown, depth = 0): void {
  expectation(({} as Record<string, unknown>)['admin'] === undefined, 'no prototype was changed');
  expectation(depth < 80, 'what is read is not deeper than the limits allow');
  if (value === null || typeof value !== 'object' || value instanceof Date || ArrayBuffer.isView(value)) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = prototype === null || prototype === Object.prototype || prototype === Array.prototype;
  expectation(plain || value instanceof Map, 'only plain values are read');
  for (const member of Object.values(value)) unspoiled(member, depth + 1);
}
