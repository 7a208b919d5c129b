import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handle, InProcessHub, inProcessTransport } from '@coffer/bus';
import { audit } from '@coffer/contracts';
import { createLogger, startNest } from '@coffer/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayModule } from '../app.module.ts';
import { GapSpool } from './gap-spool.ts';

const log = createLogger({ service: 'test', level: 'silent' });

let folder: string;
let stop: () => Promise<void>;
let make: (gateway?: string) => GapSpool;
/** Audit as the spool sees it: what it was sent, and whether it answers. */
let arrived: { gapId: string; gateway: string; from: number; to: number; counts: Record<string, number> }[];
let answers: 'yes' | 'away' | 'stores but the reply is lost';

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'coffer-gaps-')), 'spool');
  arrived = [];
  answers = 'yes';
  const hub = new InProcessHub();
  const served = inProcessTransport(hub, 'audit');
  const record = handle(audit.recordGap, async (gap) => {
    if (answers === 'away') throw new Error('away');
    arrived.push(gap);
    if (answers !== 'yes') throw new Error('lost');
    return {};
  });
  const nest = await startNest(GatewayModule, served, [record], log);
  const transport = inProcessTransport(hub, 'gateway');
  make = (gateway = 'gw') => new GapSpool(folder, gateway, transport.client, log);
  stop = async () => {
    await nest.close();
    await transport.drain();
    await served.drain();
    await rm(join(folder, '..'), { recursive: true, force: true });
  };
});
afterEach(() => stop());

const files = () => readdir(folder);

describe('GapSpool', () => {
  it('counts by reason and delivers one gap, with its time', async () => {
    const from = Date.now();
    const spool = make();
    await spool.start();
    for (let n = 0; n < 3; n++) spool.count('overload');
    spool.count('audit-unavailable');
    await spool.flush();
    expect(arrived).toMatchObject([{ gateway: 'gw', counts: { overload: 3, 'audit-unavailable': 1 } }]);
    expect(arrived[0]!.from).toBeGreaterThanOrEqual(from);
    expect(arrived[0]!.to).toBeGreaterThanOrEqual(arrived[0]!.from);
    expect(await files()).toEqual([]);
    await spool.stop();
    expect(arrived).toHaveLength(1);
  });

  it('shares its folder with replicas, whichever of them delivers', async () => {
    const replicas = [make('one'), make('two'), make('three')];
    for (const replica of replicas) await replica.start();
    answers = 'away';
    for (const replica of replicas) {
      replica.count('overload');
      await replica.flush();
    }
    expect(await files()).toHaveLength(3);
    answers = 'yes';
    // All read the same list; what one of them has removed must not keep another from what it counts itself.
    for (const replica of replicas) replica.count('audit-unavailable');
    await Promise.all(replicas.map((replica) => replica.flush()));
    expect(await files()).toEqual([]);
    const ids = new Set(arrived.map(({ gapId }) => gapId));
    expect(ids.size).toBe(6);
    await Promise.all(replicas.map((replica) => replica.stop()));
  });

  it('says nothing when there was nothing', async () => {
    const spool = make();
    await spool.start();
    await spool.flush();
    await spool.stop();
    expect(arrived).toEqual([]);
    expect(await files()).toEqual([]);
  });

  it('keeps the counts on disk while audit is away, across a restart, and delivers each once', async () => {
    answers = 'away';
    const before = make('first');
    await before.start();
    before.count('overload');
    await before.flush();
    before.count('overload');
    before.count('overload');
    await before.stop();
    const spooled = await files();
    expect(spooled).toHaveLength(2);
    for (const name of spooled) {
      expect(name).toMatch(/\.json$/);
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(arrived).toEqual([]);

    answers = 'yes';
    const after = make('second');
    await after.start();
    await after.flush();
    expect(arrived.map(({ gateway }) => gateway)).toEqual(['first', 'first']);
    expect(arrived.reduce((sum, { counts }) => sum + counts['overload']!, 0)).toBe(3);
    expect(await files()).toEqual([]);
    await after.flush();
    await after.stop();
    expect(arrived).toHaveLength(2);
  });

  it('sends a gap whose reply was lost again under the same id, so that it counts once', async () => {
    answers = 'stores but the reply is lost';
    const spool = make();
    await spool.start();
    spool.count('overload');
    await spool.flush();
    expect(await files()).toHaveLength(1);
    answers = 'yes';
    await spool.flush();
    expect(arrived.length).toBeGreaterThan(1);
    expect(new Set(arrived.map(({ gapId }) => gapId)).size).toBe(1);
    expect(new Set(arrived.map((gap) => JSON.stringify(gap))).size).toBe(1);
    expect(await files()).toEqual([]);
    await spool.stop();
  });

  it('a file that was only half written is no gap and stops nothing', async () => {
    const spool = make();
    await spool.start();
    await writeFile(join(folder, 'half.json.tmp'), '{"gapId":');
    spool.count('overload');
    await spool.flush();
    expect(arrived).toHaveLength(1);
    await spool.stop();
  });

  it('keeps counting when the folder is away, and loses none of it', async () => {
    const spool = make();
    await spool.start();
    await rm(folder, { recursive: true });
    spool.count('overload');
    await spool.flush();
    spool.count('overload');
    expect(arrived).toEqual([]);
    await mkdir(folder);
    await spool.stop();
    expect(arrived.map(({ counts }) => counts)).toEqual([{ overload: 2 }]);
  });

  it('what is on disk names no request: counts alone', async () => {
    answers = 'away';
    const spool = make();
    await spool.start();
    spool.count('overload');
    await spool.stop();
    const text = await readFile(join(folder, (await files())[0]!), 'utf8');
    expect(Object.keys(JSON.parse(text) as object).sort()).toEqual(['counts', 'from', 'gapId', 'gateway', 'to']);
  });
});
