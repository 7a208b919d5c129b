import { handle, InProcessHub, inProcessTransport } from '@coffer/bus';
import { audit as contracts, Fault, type RequestRecord, status } from '@coffer/contracts';
import { type Database, migrate, Outbox, outboxMigrationSql, sql } from '@coffer/database';
import { createLogger, startNest } from '@coffer/service-kit';
import { type TestDatabase, type TestPostgres, testPostgres } from '@coffer/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { AuditModule } from '../app.module.ts';
import { newRecord, newRequestId } from '../testkit/records.ts';
import { startAudit, type TestAudit } from '../testkit/start-audit.ts';

/** An owner with a real outbox in its own schema; its answers can be made to fail. */
interface Owner {
  put(...drafts: RequestRecord[]): Promise<void>;
  waiting(): Promise<number>;
  /** Called before each answer; what it throws is answered instead. */
  before: { pending?: (limit: number) => void; settle?: () => void | Promise<void> };
  stop(): Promise<void>;
}

async function startOwner(
  hub: InProcessHub,
  name: 'object-storage' | 'identity',
  database: Database,
  schema: string,
): Promise<Owner> {
  await migrate(database, { schema, migrations: [{ id: 1, name: 'outbox', sql: outboxMigrationSql }] });
  const outbox = new Outbox(database);
  const { pending, settle } = contracts.outboxes[name];
  const before: Owner['before'] = {};
  const nest = await startNest(
    AuditModule,
    inProcessTransport(hub, name),
    [
      handle(pending, async (options) => {
        before.pending?.(options.limit);
        const entries = await outbox.pending(options);
        return { entries: entries.map((entry) => ({ ...entry, draft: entry.draft as RequestRecord })) };
      }),
      handle(settle, async ({ requestIds }) => {
        await before.settle?.();
        await outbox.settle(requestIds);
        return {};
      }),
    ],
    createLogger({ service: name, level: 'silent' }),
  );
  return {
    put: (...drafts) =>
      database.transaction((tx) =>
        outbox.putAll(
          tx,
          drafts.map((draft) => ({ requestId: draft.requestId, draft })),
        ),
      ),
    waiting: async () => (await outbox.pending({ minAgeMs: 0, limit: 10_000 })).length,
    before,
    stop: () => nest.close(),
  };
}

let postgres: TestPostgres;
let database: TestDatabase;
let hub: InProcessHub;
let owner: Owner;
let other: Owner;
let running: TestAudit[] = [];

beforeAll(async () => {
  postgres = await testPostgres('drain');
});
afterAll(async () => {
  await postgres.close();
});
beforeEach(async () => {
  database = await postgres.database('drain');
  hub = new InProcessHub();
  owner = await startOwner(hub, 'object-storage', database.open('object-storage'), 'objects');
  other = await startOwner(hub, 'identity', database.open('identity'), 'identity');
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.service.stop();
  await owner.stop();
  await other.stop();
});

async function start(env: NodeJS.ProcessEnv = {}): Promise<TestAudit> {
  const audit = await startAudit(database.urlFor('audit'), env, hub);
  running.push(audit);
  return audit;
}

const draft = (changes: Partial<RequestRecord> = {}) => newRecord({ phase: 'draft', ...changes });
const find = async (audit: TestAudit, ...records: { requestId: string }[]) => {
  const requestIds = records.map((each) => each.requestId);
  return (await audit.client('operator').call(contracts.findRecords, { requestIds, limit: 1000 })).records;
};
const drained = (...owners: Owner[]) =>
  vi.waitFor(async () => {
    for (const each of owners) expect(await each.waiting()).toBe(0);
  }, 10_000);

describe('draining the outboxes', () => {
  test('a draft that no gateway completed becomes the record, whoever owned it', async () => {
    const [mine, theirs] = [draft(), draft({ api: 'iam', operation: 'CreateUser' })];
    await owner.put(mine);
    await other.put(theirs);
    const audit = await start();
    await drained(owner, other);
    expect(await find(audit, mine, theirs)).toEqual(
      expect.arrayContaining([
        { ...mine, source: 'drained' },
        { ...theirs, source: 'drained' },
      ]),
    );
  });

  test('a record that the gateway wrote stays, before and after the draft came', async () => {
    const audit = await start({ COFFER_AUDIT_DRAIN_INTERVAL_MS: '50' });
    const early = draft({ status: 200, details: { owner: 'knows' } });
    const late = draft({ status: 200 });
    await audit
      .client('gateway')
      .call(contracts.record, { ...early, phase: 'closed', status: 503, details: undefined });
    await owner.put(early, late);
    await drained(owner);
    await audit.client('gateway').call(contracts.record, { ...late, phase: 'closed', totalMs: 12_345 });
    const found = new Map((await find(audit, early, late)).map((each) => [each.requestId, each]));
    expect(found.get(early.requestId)).toMatchObject({
      source: 'gateway',
      phase: 'closed',
      status: 503,
      details: { owner: 'knows' },
    });
    expect(found.get(late.requestId)).toMatchObject({ source: 'gateway', phase: 'closed', totalMs: 12_345 });
  });

  test('drafts younger than the least age are left to the gateway', async () => {
    await owner.put(draft());
    await start({ COFFER_AUDIT_DRAIN_MIN_AGE_MS: '60000' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await owner.waiting()).toBe(1);
  });

  test('more drafts than fit one answer are all taken over', async () => {
    const drafts = Array.from({ length: 1200 }, () => draft());
    await owner.put(...drafts);
    const audit = await start();
    await drained(owner);
    expect(await find(audit, ...drafts.slice(0, 1000))).toHaveLength(1000);
    expect(await find(audit, ...drafts.slice(1000))).toHaveLength(200);
  });

  test('a draft is settled only when its record is on disk', async () => {
    const seen: number[] = [];
    const stored = database.open('audit');
    owner.before.settle = async () => {
      const rows = await stored.query<{ n: number }>(sql('test.audit.stored', 'SELECT count(*) AS n FROM records'));
      seen.push(rows[0]?.n ?? 0);
    };
    await owner.put(draft(), draft(), draft());
    await start();
    await drained(owner);
    expect(seen[0]).toBe(3);
  });

  test('when settling fails, or is lost with the process, the next round changes nothing and settles', async () => {
    let failures = 0;
    owner.before.settle = () => {
      failures += 1;
      if (failures <= 3) throw new Fault('Unavailable', 'settling fails');
    };
    const mine = draft();
    await owner.put(mine);
    const audit = await start();
    await drained(owner);
    expect(failures).toBeGreaterThan(3);
    expect(await find(audit, mine)).toEqual([{ ...mine, source: 'drained' }]);
  });

  test('an owner that is away does not keep audit from the other one, and is asked again', async () => {
    let away = true;
    owner.before.pending = () => {
      if (away) throw new Fault('Unavailable', 'away');
    };
    await owner.put(draft());
    await other.put(draft());
    const audit = await start();
    await drained(other);
    expect(await owner.waiting()).toBe(1);
    await vi.waitFor(async () => {
      const answer = await audit.client('operator').call(status.audit, {});
      expect(answer.checks['outbox of object-storage']).toContain('away');
      expect(answer.checks['outbox of identity']).toBe('ok');
    }, 10_000);
    away = false;
    await drained(owner);
  });

  test('several replicas drain without harm, and one of them does the work', async () => {
    let asked = 0;
    owner.before.pending = () => {
      asked += 1;
    };
    const drafts = Array.from({ length: 300 }, () => draft());
    const first = await start({ COFFER_AUDIT_DRAIN_INTERVAL_MS: '50' });
    await start({ COFFER_AUDIT_DRAIN_INTERVAL_MS: '50' });
    await start({ COFFER_AUDIT_DRAIN_INTERVAL_MS: '50' });
    await owner.put(...drafts);
    await drained(owner);
    expect(await find(first, ...drafts)).toHaveLength(300);
    asked = 0;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(asked).toBeGreaterThan(0);
    // Three who all worked would have asked about 36 times.
    expect(asked).toBeLessThan(20);
  });

  test('drafts too large for one message come in smaller numbers', async () => {
    const asked: number[] = [];
    owner.before.pending = (limit) => {
      asked.push(limit);
      if (limit > 10) throw new Fault('Internal', 'too large');
    };
    const drafts = Array.from({ length: 30 }, () => draft());
    await owner.put(...drafts);
    const audit = await start();
    await drained(owner);
    expect(await find(audit, ...drafts)).toHaveLength(30);
    expect(asked.slice(0, 3)).toEqual([500, 63, 8]);
  });

  test('a draft that cannot be stored stays with its owner, is told of, and holds up no other', async () => {
    const bad = draft({ status: 2 ** 40 });
    const nonsense = draft({ requestId: newRequestId(2 ** 48 - 1) });
    const good = Array.from({ length: 5 }, () => draft());
    await owner.put(bad, nonsense, ...good);
    const audit = await start();
    await vi.waitFor(async () => expect(await owner.waiting()).toBe(2), 10_000);
    expect(await find(audit, ...good)).toHaveLength(5);
    await vi.waitFor(async () => {
      const answer = await audit.client('operator').call(status.audit, {});
      expect(answer.checks['outbox of object-storage']).toContain('2 drafts of object-storage cannot be stored');
    }, 10_000);
  });

  test('more of them than fit one answer hold up nobody either', async () => {
    const bad = Array.from({ length: 1100 }, () => draft({ status: 2 ** 40 }));
    const good = Array.from({ length: 700 }, () => draft());
    await owner.put(...bad.slice(0, 550), ...good.slice(0, 100));
    await owner.put(...bad.slice(550), ...good.slice(100));
    const audit = await start();
    await vi.waitFor(async () => expect(await owner.waiting()).toBe(bad.length), 20_000);
    expect(await find(audit, ...good)).toHaveLength(good.length);
    await vi.waitFor(async () => {
      const answer = await audit.client('operator').call(status.audit, {});
      expect(answer.checks['outbox of object-storage']).toContain('1100 drafts of object-storage cannot be stored');
    }, 10_000);
  }, 40_000);

  test('a draft whose gateway had a wrong clock is kept all the same', async () => {
    const wrong = draft({ requestId: newRequestId(Date.UTC(2001, 0, 1)) });
    await owner.put(wrong);
    const audit = await start();
    await drained(owner);
    expect(await find(audit, wrong)).toHaveLength(1);
  });
});

describe('reads whose end was never recorded', () => {
  test('are closed as interrupted once no request can take that long; a genuine closing still wins', async () => {
    const audit = await start({ COFFER_LONGEST_REQUEST_MS: '60000' });
    const gateway = audit.client('gateway');
    const old = newRecord({ phase: 'open', operation: 'GetObject', time: Date.now() - 120_000 });
    const young = newRecord({ phase: 'open', operation: 'GetObject' });
    await gateway.call(contracts.record, old);
    await gateway.call(contracts.record, young);
    await vi.waitFor(async () => {
      expect(await find(audit, old)).toEqual([{ ...old, phase: 'closed', interrupted: true, source: 'gateway' }]);
    });
    expect(await find(audit, young)).toMatchObject([{ phase: 'open' }]);
    await gateway.call(contracts.record, { ...old, phase: 'closed', bytesSent: 77 });
    expect(await find(audit, old)).toEqual([{ ...old, phase: 'closed', bytesSent: 77, source: 'gateway' }]);
  });
});
