import { describe, expect, it } from 'vitest';
import { readResult } from './result.ts';

const good = {
  operation: 'get',
  inFlight: 32,
  size: 4096,
  ops: 10,
  seconds: 1,
  opsPerSecond: 10,
  mibPerSecond: 0.1,
  entriesPerSecond: 0,
  p50Ms: 1,
  p99Ms: 2,
  errors: 0,
  errorSamples: [],
  clientCpuSeconds: 0.1,
  processCpuSeconds: 0.2,
  nextNumber: 0,
};

describe('readResult', () => {
  it('reads a whole result', () => {
    expect(readResult(JSON.stringify(good))).toMatchObject({ ops: 10, p99Ms: 2 });
  });

  it('makes no figure of a run in which something went wrong, or nothing was done', () => {
    expect(() => readResult(JSON.stringify({ ...good, errors: 2, errorSamples: ['get: status 503'] }))).toThrow(
      /2 requests went wrong.*503/,
    );
    expect(() => readResult(JSON.stringify({ ...good, ops: 0 }))).toThrow(/not one get/);
    expect(() => readResult(JSON.stringify({ ...good, p99Ms: undefined }))).toThrow(/no p99Ms/);
    expect(() => readResult('Killed')).toThrow(SyntaxError);
  });
});
