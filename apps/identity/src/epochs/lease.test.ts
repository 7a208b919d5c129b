import { setTimeout as sleep } from 'node:timers/promises';
import { identity as contracts } from '@coffer/contracts';
import { type Database, sql } from '@coffer/database';
import { type TestPostgres, testPostgres } from '@coffer/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LeaseHolder } from '../testkit/gateway.ts';
import { Asker, newRequestId, newRoot, startIdentity, type TestIdentity } from '../testkit/identity.ts';
import { LEASE_MS } from './lease-watch.ts';
import { KEPT_CHANGES, raiseEpoch } from './raise-epoch.ts';

let postgres: TestPostgres;
let replicas: [TestIdentity, TestIdentity];
let database: Database;
let root: Asker;

beforeAll(async () => {
  postgres = await testPostgres('identity_lease');
});
afterAll(async () => {
  await postgres.close();
});
beforeEach(async () => {
  const fresh = await postgres.database('identity');
  const url = fresh.urlFor('identity');
  database = fresh.open('identity');
  replicas = [await startIdentity(url), await startIdentity(url)];
  root = await newRoot(replicas[0]);
});
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
});

const gateway = (name: string, at = replicas[0]) => new LeaseHolder(at.client('gateway'), name);

/** Milliseconds that it took. */
async function timed(work: Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work;
  return performance.now() - from;
}

/** Whether the promise is still open after so many milliseconds. */
const openAfter = (work: Promise<unknown>, ms: number) => Promise.race([work.then(() => false), sleep(ms, true)]);

describe('a change', () => {
  test('is answered at once when nobody holds a lease', async () => {
    expect(await timed(root.call('CreateUser', { UserName: 'ann' }))).toBeLessThan(LEASE_MS / 2);
  });

  test('waits until a live gateway has acknowledged it, and no longer', async () => {
    const holder = gateway('one', replicas[1]);
    await holder.renew();
    const change = root.call('CreateUser', { UserName: 'ann' });
    expect(await openAfter(change, 150)).toBe(true);
    await holder.renew();
    // The reply that carries the new epoch might have been lost: only naming it counts.
    expect(await openAfter(change, 100)).toBe(true);
    await holder.renew();
    expect(await timed(change)).toBeLessThan(200);
    expect(holder.epoch).toBe(holder.history[0]!.epoch + 1);
  });

  test('is answered when the lease of a dead gateway has run out', async () => {
    const holder = gateway('dead');
    await holder.renew();
    await root.call('CreateUser', { UserName: 'ann' });
    const { until } = holder.history[0]!;
    expect(performance.now()).toBeGreaterThanOrEqual(until);
    expect(performance.now()).toBeLessThan(until + 500);
    expect(await timed(root.call('CreateUser', { UserName: 'bob' }))).toBeLessThan(LEASE_MS / 2);
  });

  test('that is repeated, at another replica too, waits as the first one does', async () => {
    const holder = gateway('one');
    await holder.renew();
    const requestId = newRequestId();
    const again = new Asker(replicas[1], root.principal);
    const answers = [root, again, root, again].map((asker) => asker.call('CreateUser', { UserName: 'ann' }, requestId));
    expect(await openAfter(Promise.any(answers), 150)).toBe(true);
    const late = again.call('CreateUser', { UserName: 'ann' }, requestId);
    expect(await openAfter(Promise.any([...answers, late]), 100)).toBe(true);
    await holder.renew();
    await holder.renew();
    const outputs = await Promise.all([...answers, late]);
    for (const output of outputs) expect(output).toEqual(outputs[0]);
  });

  test('waits a whole lease when Postgres crashed and forgot who holds one', async () => {
    await database.execute(sql('test.lease.crash1', 'DELETE FROM leases'));
    await database.execute(sql('test.lease.crash2', 'DELETE FROM lease_memory'));
    const both = [root, new Asker(replicas[1], root.principal)].map((asker, n) =>
      timed(asker.call('CreateUser', { UserName: `ann${n}` })),
    );
    for (const took of await Promise.all(both)) expect(took).toBeGreaterThanOrEqual(LEASE_MS - 1);
    expect(await timed(root.call('CreateUser', { UserName: 'bob' }))).toBeLessThan(LEASE_MS / 2);
  });

  test('is announced', async () => {
    const epochs: number[] = [];
    const holder = gateway('one');
    await holder.renew();
    const stop = replicas[0].client('gateway').subscribe(contracts.changed, ({ epoch }) => epochs.push(epoch));
    const change = root.call('CreateUser', { UserName: 'ann' });
    await expect.poll(() => epochs).toEqual([holder.epoch + 1]);
    stop();
    await change;
  });
});

describe('a lease', () => {
  const ask = (epoch?: number) =>
    replicas[0]
      .client('gateway')
      .call(contracts.lease, { gateway: 'asker', ...(epoch === undefined ? {} : { epoch }) });

  test('lists the accounts that changed since, once each', async () => {
    const other = await newRoot(replicas[0]);
    const { epoch, changedAccounts } = await ask();
    expect(changedAccounts).toBeUndefined();
    expect((await ask(epoch)).changedAccounts).toEqual([]);
    await Promise.all([
      root.call('CreateUser', { UserName: 'ann' }),
      root.call('CreateUser', { UserName: 'bob' }),
      other.call('CreateUser', { UserName: 'ann' }),
    ]);
    const reply = await ask(epoch);
    expect(reply.epoch).toBe(epoch + 3);
    expect(reply.changedAccounts?.toSorted()).toEqual([root.principal.accountId, other.principal.accountId].toSorted());
    expect((await ask(epoch + 99)).changedAccounts).toBeUndefined();
  });

  test('that is asked for during a change waits for it and carries its epoch', async () => {
    const { epoch } = await ask();
    let asked: Promise<{ epoch: number }> | undefined;
    await database.transaction(async (tx) => {
      await raiseEpoch(tx, root.principal.accountId);
      asked = ask(epoch);
      expect(await openAfter(asked, 150)).toBe(true);
    });
    expect((await asked)?.epoch).toBe(epoch + 1);
  });

  test('lists nothing when the list would have gaps', async () => {
    const { epoch } = await ask();
    await database.execute(sql('test.lease.skip', 'UPDATE epochs SET epoch = epoch + 5'));
    expect((await ask(epoch)).changedAccounts).toBeUndefined();
    await database.execute(sql('test.lease.leap', `UPDATE epochs SET epoch = epoch + ${KEPT_CHANGES}`));
    await root.call('CreateUser', { UserName: 'ann' });
    expect(await database.query(sql('test.lease.changes', 'SELECT epoch FROM changes'))).toHaveLength(1);
  });
});

test('never is an older epoch trusted after the answer to a change', { timeout: 60_000 }, async () => {
  const holders = Array.from({ length: 12 }, (_, n) => gateway(`gateway-${n}`, replicas[n % 2]));
  const askers = [root, new Asker(replicas[1], root.principal)];
  const end = new AbortController();
  let seed = 7;
  /** From 0 to 1, the same in every run. */
  const chance = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  const renewing = holders.map(async (holder) => {
    while (!end.signal.aborted) {
      const lot = chance();
      await holder.renew(lot < 0.1 ? Number.POSITIVE_INFINITY : lot < 0.3 ? chance() * 200 : 0);
      // Now and then a gateway falls silent for longer than its lease.
      await sleep(chance() < 0.03 ? LEASE_MS * 1.2 : chance() * 120);
    }
  });
  const answered: { requestId: string; at: number }[] = [];
  const changing = Array.from({ length: 8 }, async (_, n) => {
    for (let turn = 0; turn < 12; turn += 1) {
      const requestId = newRequestId();
      await askers[n % 2]!.call('CreateUser', { UserName: `user-${n}-${turn}` }, requestId);
      answered.push({ requestId, at: performance.now() });
      await sleep(chance() * 30);
    }
  });
  await Promise.all(changing);
  end.abort();
  await Promise.all(renewing);

  const rows = await database.query<{ request_id: string; epoch: number }>(
    sql('test.lease.epochs', `SELECT request_id, (reply->>'epoch')::bigint AS epoch FROM outbox`),
  );
  const epochOf = new Map(rows.map((row) => [row.request_id, row.epoch]));
  const trusts = holders.flatMap((holder) => holder.history);
  expect(trusts.length).toBeGreaterThan(200);
  expect(new Set(epochOf.values()).size).toBe(96);
  const broken = answered.flatMap(({ requestId, at }) => {
    const epoch = epochOf.get(requestId) as number;
    return trusts.filter((trust) => trust.epoch < epoch && Math.max(trust.from, at) < trust.until);
  });
  expect(broken).toEqual([]);
});
