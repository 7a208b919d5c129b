import { spawnSync } from 'node:child_process';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plainEnvironment } from '../harness/environment.ts';
import { workspace } from '../harness/paths.ts';
import type { Said } from './blobs-left.ts';
import { checkBlobsLeft, listen } from './blobs-left.ts';
import { Disk } from './disk.ts';
import type { Names } from './folders.ts';
import { makeAsLeft } from './folders.ts';
import { onTraceable } from './traced.ts';
import type { DiskEvent } from './trace.ts';
import { readTrace, straceOptions } from './trace.ts';

onTraceable('the power fails at any moment while blobs are written to a folder', () => {
  let scratch: string;
  let folder: string;
  const events: DiskEvent[] = [];

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'coffer-power-'));
    folder = join(scratch, 'blobs');
    await mkdir(folder);
    const log = join(scratch, 'log');
    const writer = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'blob-writer.ts'), folder];
    const { COFFER_E2E_PRODUCT: product } = process.env;
    const env = { ...plainEnvironment(scratch), ...(product !== undefined && { COFFER_E2E_PRODUCT: product }) };
    const done = spawnSync('strace', [...straceOptions(log), process.execPath, ...writer], {
      env,
      cwd: workspace,
      encoding: 'utf8',
    });
    expect(done.status, done.stderr).toBe(0);
    for await (const event of readTrace(log, workspace)) events.push(event);
  });
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  it.each<Names>(['synced', 'all'])(
    'nothing acknowledged is lost, nothing half is visible (names left: %s)',
    async (names) => {
      const disk = new Disk({ folder });
      const said: Said = { begun: new Map(), kept: new Set() };
      const problems = new Set<string>();
      let states = 0;
      let seen = -1;
      for (const event of events) {
        disk.apply(event);
        if (event.kind === 'said') listen(said, event.text);
        if (disk.changes === seen && event.kind !== 'said') continue;
        seen = disk.changes;
        states += 1;
        const left = join(scratch, 'left');
        makeAsLeft(disk, names, left);
        for (const problem of await checkBlobsLeft(left, said)) problems.add(problem);
        await rm(left, { recursive: true });
      }
      expect([...problems]).toEqual([]);
      expect(said.kept.size).toBeGreaterThan(10);
      expect(states).toBeGreaterThan(150);
      console.info(`${states} states of the disk, names left: ${names}`);
    },
    240_000,
  );
});
