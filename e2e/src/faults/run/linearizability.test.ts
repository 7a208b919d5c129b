import { spawnSync } from 'node:child_process';
import { requires } from '@coffer/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from './history.ts';
import { buildChecker, checkerSources, checkLinearizability } from './linearizability.ts';
import { violationsOf } from './report.ts';

describe.runIf(requires('go'))('the checker of linearizability', { timeout: 180_000 }, () => {
  beforeAll(() => buildChecker(), 180_000);

  const operation = (key: string, kind: Operation['kind'], value: string, start: number, end: number | null) => ({
    key,
    client: 1,
    kind,
    value,
    start,
    end,
    what: `${kind} of ${key}`,
  });

  it('passes its own tests: planted histories, and generated ones with a lie', () => {
    const { status, stdout, stderr } = spawnSync('go', ['test', './...'], { cwd: checkerSources, encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
  });

  it('tells of a lost write by its key and what was around it', async () => {
    const good = [operation('good', 'write', '#1', 0, 10), operation('good', 'read', '#1', 20, 30)];
    const lost = [
      operation('lost', 'write', '#2', 0, 10),
      operation('lost', 'write', '#3', 20, null),
      operation('lost', 'read', '', 40, 50),
    ];
    const result = await checkLinearizability([...good, ...lost]);
    expect(result).toMatchObject({ keys: 2, operations: 5, unknown: 1 });
    const [problem, ...more] = violationsOf(result);
    expect(more).toEqual([]);
    expect(problem).toMatch(/^lost: not linearizable\n {2}no order explains\n.*read nothing: read of lost\n/);
    expect(problem).toContain('write #2: write of lost');
  });
});
