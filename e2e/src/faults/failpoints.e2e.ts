import { IAMClient } from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { onEmbedded } from '../harness/stack.ts';
import { checkBlobsWithin } from './blobs.ts';
import type { Outcome } from './client.ts';
import { outcomeOf, WatchingHandler, watchedClient } from './client.ts';
import { body } from './contents.ts';
import { CrashableStack } from './crashable-stack.ts';
import { asAdministrator } from './database.ts';
import type { Received } from './journal.ts';
import { listFailpoints } from './list-failpoints.ts';
import { checkRecordsWithin } from './records.ts';
import type { Scenario, World } from './scenario.ts';
import { expectedState } from './scenario.ts';
import { backgroundScenarios } from './scenarios-background.ts';
import { configurationScenarios } from './scenarios-configuration.ts';
import { objectScenarios } from './scenarios-objects.ts';

const scenarios: readonly Scenario[] = [...objectScenarios, ...configurationScenarios];
const DIES_WITHIN_MS = 20_000;
const SETTLE_WITHIN_MS = 30_000;

const killed = { code: null, signal: 'SIGKILL' };

interface Case {
  readonly title: string;
  readonly scenario: Scenario;
  readonly failpoint: string;
  world?: World;
  outcome?: Outcome<unknown>;
}

let number = 0;
const received: Received[] = [];

/** A world of its own for one test, in the buckets that all share. */
function newWorld(running: CrashableStack): World {
  const unique = `n${`${(number += 1)}`.padStart(4, '0')}z`;
  const target = running.target();
  const bodies = new Map<string, Buffer>();
  const note = (one: Received) => received.push(one);
  return {
    running,
    s3: watchedClient(target, note),
    iam: new IAMClient({
      endpoint: target.endpoint,
      region: target.region,
      credentials: { ...target.keys },
      maxAttempts: 1,
      // The target of an IAM request does not say what it is about; this tells whose it is in the records.
      customUserAgent: unique,
      requestHandler: new WatchingHandler(note, 20_000),
    }),
    bucket: 'failpoints-plain',
    versioned: 'failpoints-kept',
    unique,
    facts: new Map(),
    body(name) {
      let known = bodies.get(name);
      if (!known) bodies.set(name, (known = body(name.startsWith('large') ? 200_000 : 2_000)));
      return known;
    },
  };
}

function close(world: World): void {
  world.s3.destroy();
  world.iam.destroy();
}

/** Records of requests whose answer no client received. */
async function unansweredRecords(data: string, operation: string, unique: string): Promise<number> {
  return await asAdministrator(data, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM audit.records
        WHERE operation = $1 AND error_code IS NULL AND data::text LIKE '%' || $2 || '%' AND request_id <> ALL ($3)`,
      [operation, unique, received.map(({ requestId }) => requestId)],
    );
    return rows[0]!.n;
  });
}

onEmbedded('a SIGKILL at a named failpoint', () => {
  let running: CrashableStack;

  beforeAll(async () => {
    running = await CrashableStack.create('embedded');
    await running.start();
    const world = newWorld(running);
    for (const Bucket of [world.bucket, world.versioned]) await world.s3.send(new CreateBucketCommand({ Bucket }));
    await world.s3.send(
      new PutBucketVersioningCommand({ Bucket: world.versioned, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    close(world);
  });
  afterAll(() => running?.remove());
  const cases: Case[] = scenarios.flatMap((scenario) =>
    scenario.failpoints.map((failpoint) => ({ title: `${scenario.name}: ${failpoint}`, scenario, failpoint })),
  );

  // Each has keys and buckets of its own, so all can be prepared by one stack and looked at in another: what is there
  // must have survived the later crashes as well.
  it('finds something to change', async () => {
    for (const one of cases) {
      one.world = newWorld(running);
      await one.scenario.prepare?.(one.world);
    }
    await running.crash();
  });

  it.each(cases)('strikes in $title', async (one) => {
    await running.start({ COFFER_FAILPOINT: one.failpoint });
    one.outcome = await outcomeOf(() => one.scenario.act(one.world!));
    const end = await running.endedWithin(DIES_WITHIN_MS);
    if (!end) await running.crash();
    expect(end, 'the end of the process').toEqual(killed);
    // The answer may have left before the process died of writing its record.
    if (!/^(gateway|audit)\.record\./.test(one.failpoint)) expect(one.outcome.kind).toBe('unsure');
  });

  it('lets the stack start again', async () => {
    await running.start();
  });

  it.each(cases)('leaves all or nothing, and lets the client repeat: $title', async (one) => {
    const { scenario, failpoint, outcome, world } = one;
    if (!outcome || !world) throw new Error('it did not strike');
    const state = await scenario.state(world);
    const expected = expectedState(failpoint);
    if (expected !== undefined) expect(state).toBe(expected);
    if (outcome.kind === 'done') expect(state).toBe('after');
    if (state === 'after' && outcome.kind !== 'done') {
      await eventually(async () => {
        const records = await unansweredRecords(running.data, scenario.operation, world.unique);
        expect(records, 'records of the change').toBe(1);
      }, SETTLE_WITHIN_MS);
    }

    const again = await outcomeOf(() => scenario.act(world));
    if (again.kind === 'refused' && state === 'after') expect(scenario.repeated).toContain(again.code);
    else expect(again).toMatchObject({ kind: 'done' });
    expect(await scenario.state(world)).toBe('after');
  });

  describe.each(backgroundScenarios)('in background work: $name', (scenario) => {
    it.each([...scenario.failpoints])('%s', async (failpoint) => {
      const own = scenario.firstStart ? await CrashableStack.create('embedded') : running;
      try {
        if (!scenario.firstStart) await own.restart();
        const world = newWorld(own);
        await scenario.prepare?.(world);
        if (!scenario.firstStart) await own.crash();
        own.launch({ ...scenario.env, COFFER_FAILPOINT: failpoint });
        // A first start may die before it is ready, or by the first request.
        const early = await Promise.race([own.endedWithin(DIES_WITHIN_MS), readyFor(own, scenario.act)]);
        expect(early ?? (await own.endedWithin(DIES_WITHIN_MS))).toEqual(killed);
        await own.start(scenario.env);
        const after = newWorld(own);
        await scenario.finished({ ...world, s3: after.s3, iam: after.iam });
        close(world);
        close(after);
      } finally {
        if (own !== running) await own.remove();
      }
    });
  });

  it('leaves one record of every request id that a client received, and no orphan blob', async () => {
    await running.restart();
    expect(await checkBlobsWithin(running.data, 'embedded', SETTLE_WITHIN_MS)).toEqual([]);
    // Those of the stacks that were started only once are gone with them.
    const ours = received.filter(({ what }) => !/(first|again)-n/.test(what));
    expect(await checkRecordsWithin(running.data, ours, SETTLE_WITHIN_MS)).toEqual([]);
  });
});

/** Waits until the stack is ready, then does what brings it to the failpoint. */
async function readyFor(
  own: CrashableStack,
  act: ((world: World) => Promise<unknown>) | undefined,
): Promise<undefined> {
  if (act === undefined) return await new Promise(() => undefined);
  await eventually(async () => expect(own.output).toMatch(/^export AWS_CA_BUNDLE=/m), DIES_WITHIN_MS);
  const world = newWorld(own);
  await outcomeOf(() => act(world));
  close(world);
  return undefined;
}

onEmbedded('the table of failpoints', () => {
  it('covers every failpoint that the services register, and no other', async () => {
    const covered = [...scenarios, ...backgroundScenarios].flatMap(({ failpoints }) => [...failpoints]);
    expect([...new Set(covered)].sort()).toEqual(await listFailpoints());
  });
});
