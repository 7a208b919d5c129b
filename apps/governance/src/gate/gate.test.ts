import { InProcessHub, inProcessTransport } from '@coffer/bus';
import { type Caller, governance as contracts, type RequestRecord, status } from '@coffer/contracts';
import { type Database, migrate, sql } from '@coffer/database';
import { createLogger, type RunningService } from '@coffer/service-kit';
import { type TestDatabase, type TestPostgres, testPostgres } from '@coffer/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Deps } from '../deps.ts';
import { governance } from '../index.ts';
import { migrations } from '../migrations/index.ts';
import { UNREADABLE } from '../rules/evaluate.ts';
import { readStates } from '../rules/read-states.ts';
import type { DestructionRequest, Rule, VersionRef } from '../rules/rule.ts';
import { grantDeletion } from './grant-deletion.ts';
import { pruneGrants } from './prune-grants.ts';

const caller: Caller = {
  requestId: '01KAS4T0000000000000000000',
  region: 'us-east-1',
  principal: {
    kind: 'user',
    accountId: '123456789012',
    arn: 'arn:aws:iam::123456789012:user/ann',
    userId: 'A',
    canonicalId: 'c',
  },
};

const draft: RequestRecord = {
  requestId: caller.requestId,
  phase: 'draft',
  time: 1_700_000_000_000,
  gateway: 'g',
  region: 'us-east-1',
  api: 's3',
  operation: 'DeleteObject',
  method: 'DELETE',
  uri: '/b/photo.jpg?versionId=1',
};

let postgres: TestPostgres;
let testDatabase: TestDatabase;
let database: Database;
let count = 0;

beforeAll(async () => {
  postgres = await testPostgres('governance');
});
afterAll(async () => {
  await postgres.close();
});
beforeEach(async () => {
  testDatabase = await postgres.database('governance');
  database = testDatabase.open('governance');
  await migrate(database, { schema: 'governance', migrations });
});

function version(key = 'photo.jpg'): VersionRef {
  count += 1;
  return { bucketId: 'bucket-1', key, internalVersionId: `v${count}` };
}

function deps(rules: readonly Rule[] = [], read: Deps['readStates'] = readStates): Deps {
  return { database, rules, readStates: read, startedAt: 0 };
}

const grant = (versions: VersionRef[], using = deps(), extra: { mfa?: string; bypassGovernance?: boolean } = {}) =>
  grantDeletion(using, { caller, versions, purpose: 'delete', draft, ...extra }).then((reply) => reply.results);
const grantIdOf = (result: object | undefined): string => (result as { grantId: string }).grantId;
const rows = () => database.query(sql('test.governance.rows', 'SELECT * FROM deletion_grants'));

describe('grantDeletion', () => {
  test('grants, and asked again gives the same grant', async () => {
    const target = version();
    const first = await grant([target]);
    const again = await grant([target]);
    expect(grantIdOf(first[0])).toMatch(/^[0-9a-f-]{36}$/);
    expect(again).toEqual(first);
    expect(await rows()).toMatchObject([{ request_id: caller.requestId, requester_arn: caller.principal.arn }]);
  });

  test('answers in the order asked, duplicates and strange keys included', async () => {
    const [a, b] = [version(), version('ключ/"\\\u0001\u{1F512}')];
    const known = await grant([b]);
    const results = await grant([a, b, a]);
    expect(results).toHaveLength(3);
    expect(results[1]).toEqual(known[0]);
    expect(results[2]).toEqual(results[0]);
    expect(grantIdOf(results[0])).not.toBe(grantIdOf(results[1]));
    expect(await rows()).toHaveLength(2);
  });

  test('refuses what a rule refuses, grants the rest, and leaves no trace of the refusal', async () => {
    const [held, free] = [version('held'), version('free')];
    const hold: Rule = (state) => (state.version.key === 'held' ? 'held by a test' : undefined);
    const results = await grant([held, free], deps([hold]));
    expect(results[0]).toEqual({ refused: 'held by a test' });
    expect(grantIdOf(results[1])).toBeTypeOf('string');
    expect(await rows()).toMatchObject([{ key: 'free' }]);
  });

  test('a grant is final: a rule that would refuse now does not take it back', async () => {
    const target = version();
    const first = await grant([target]);
    expect(await grant([target], deps([() => 'too late']))).toEqual(first);
  });

  test('rules see who asks, the MFA code and the bypass', async () => {
    const seen: DestructionRequest[] = [];
    const look: Rule = (_state, request) => {
      seen.push(request);
      return undefined;
    };
    await grant([version()], deps([look]), { mfa: 'serial 123456', bypassGovernance: true });
    await grant([version()], deps([look]));
    expect(seen).toMatchObject([
      { caller, mfa: 'serial 123456', bypassGovernance: true },
      { caller, mfa: undefined, bypassGovernance: false },
    ]);
  });

  test('state that is missing or cannot be read refuses', async () => {
    expect(
      await grant(
        [version()],
        deps([], async () => [undefined]),
      ),
    ).toEqual([{ refused: UNREADABLE }]);
    expect(
      await grant(
        [version()],
        deps([], async () => []),
      ),
    ).toEqual([{ refused: UNREADABLE }]);
    const broken: Deps['readStates'] = () => Promise.reject(new Error('disk on fire'));
    await expect(grant([version(), version()], deps([], broken))).rejects.toThrow('disk on fire');
    expect(await rows()).toHaveLength(0);
  });

  test('a database that does not answer grants nothing', async () => {
    const gone = testDatabase.open('governance');
    await gone.close();
    await expect(
      grantDeletion({ ...deps(), database: gone }, { caller, versions: [version()], purpose: 'delete', draft }),
    ).rejects.toThrow();
  });

  test('many who ask for overlapping versions at once agree on one grant each', async () => {
    const versions = Array.from({ length: 300 }, () => version());
    const asked = Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? versions : versions.toReversed()));
    const answers = await Promise.all(asked.map((each) => grant(each)));
    const expected = answers[0]?.map(grantIdOf);
    expect(new Set(expected).size).toBe(300);
    for (const [n, answer] of answers.entries()) {
      const ids = answer.map(grantIdOf);
      expect(n % 2 === 0 ? ids : ids.toReversed()).toEqual(expected);
    }
    expect(await rows()).toHaveLength(300);
  });

  test('decides about a version only when nobody else does', async () => {
    const target = version();
    let inside = 0;
    let most = 0;
    const slow: Deps['readStates'] = async (tx, versions) => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
      return await readStates(tx, versions);
    };
    const refuseAll = deps([() => 'no'], slow);
    await Promise.all(Array.from({ length: 5 }, () => grant([target], refuseAll)));
    expect(most).toBe(1);
  });
});

describe('over the bus', () => {
  let service: RunningService;
  const hub = new InProcessHub();
  const client = inProcessTransport(hub, 'object-storage').client;

  beforeEach(async () => {
    await service?.stop();
    service = await governance.start({
      env: { COFFER_DATABASE_URL: testDatabase.urlFor('governance') },
      transport: inProcessTransport(hub, 'governance'),
      logger: createLogger({ service: 'governance', level: 'silent' }),
    });
  });
  afterAll(() => service.stop());

  test('grants are pending until settled, oldest first', async () => {
    const versions = [version(), version(), version()];
    const { results } = await client.call(contracts.grantDeletion, { caller, versions, purpose: 'delete', draft });
    const later = Date.now() + 60_000;
    const { grants } = await client.call(contracts.pendingGrants, { olderThan: later, limit: 2 });
    expect(grants).toEqual(
      versions.slice(0, 2).map((each, n) => ({ ...each, grantId: grantIdOf(results[n]), purpose: 'delete', draft })),
    );
    expect((await client.call(contracts.pendingGrants, { olderThan: Date.now() - 60_000, limit: 10 })).grants).toEqual(
      [],
    );
    const grantIds = grants.map((each) => each.grantId);
    await client.call(contracts.settleGrants, { grantIds });
    await client.call(contracts.settleGrants, { grantIds });
    const left = await client.call(contracts.pendingGrants, { olderThan: later, limit: 10 });
    expect(left.grants).toMatchObject([versions[2] as VersionRef]);
    expect(
      (await client.call(contracts.grantDeletion, { caller, versions, purpose: 'delete', draft })).results,
    ).toEqual(results);
  });

  test('only settled grants are pruned, and only when they are old', async () => {
    const versions = [version(), version()];
    const { results } = await client.call(contracts.grantDeletion, { caller, versions, purpose: 'delete', draft });
    await client.call(contracts.settleGrants, { grantIds: [grantIdOf(results[0])] });
    await pruneGrants(database, 60_000);
    expect(await rows()).toHaveLength(2);
    await pruneGrants(database, 0);
    expect(await rows()).toMatchObject([{ grant_id: grantIdOf(results[1]) }]);
  });

  test('a malformed grant id is refused; nobody but object-storage may ask', async () => {
    await expect(client.call(contracts.settleGrants, { grantIds: ["'; --"] })).rejects.toMatchObject({
      code: 'InvalidMessage',
    });
    const gateway = inProcessTransport(hub, 'gateway').client;
    await expect(
      gateway.call(contracts.grantDeletion, { caller, versions: [version()], purpose: 'delete', draft }),
    ).rejects.toThrow();
    expect(await rows()).toHaveLength(0);
  });

  test('tells its status', async () => {
    const answer = await inProcessTransport(hub, 'operator').client.call(status.governance, {});
    expect(answer.checks).toEqual({ database: 'ok' });
  });
});
