import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from './index.ts';
import { DuplicateRequestError, migrate, Outbox, outboxMigrationSql, sql } from './index.ts';
import type { TestServer } from './testkit/server.ts';
import { testServer } from './testkit/server.ts';

let server: TestServer;
let db: Database;
let outbox: Outbox;

const count = sql('o.count', 'SELECT count(*) AS n FROM outbox');

beforeAll(async () => {
  server = await testServer();
  db = server.open('governance');
  await migrate(db, { schema: 'governance', migrations: [{ id: 1, name: 'outbox', sql: outboxMigrationSql }] });
  outbox = new Outbox(db);
});
afterAll(() => server.stop());
beforeEach(async () => {
  await db.execute(sql('o.clear', 'DELETE FROM outbox'));
});

const put = (requestId: string, more: { reply?: unknown; keepReplyMs?: number } = {}) =>
  db.transaction((tx) => outbox.put(tx, { requestId, draft: { of: requestId }, ...more }));

describe('Outbox', () => {
  it('gives a lost reply again, also after the record was settled, and to nobody else', async () => {
    await put('r1', { reply: { etag: 'x', nothing: null } });
    expect(await outbox.reply('r1')).toEqual({ reply: { etag: 'x', nothing: null } });
    await outbox.settle(['r1']);
    expect(await outbox.reply('r1')).toEqual({ reply: { etag: 'x', nothing: null } });
    expect(await outbox.reply('r2')).toBeUndefined();
  });

  it('remembers a request without a reply', async () => {
    await put('r1');
    expect(await outbox.reply('r1')).toEqual({ reply: undefined });
  });

  it('lets a request happen once: the second transaction fails as a whole', async () => {
    await put('r1', { reply: 'first' });
    await expect(put('r1', { reply: 'second' })).rejects.toThrow(DuplicateRequestError);
    expect(await outbox.reply('r1')).toEqual({ reply: 'first' });
    const racing = await Promise.allSettled(Array.from({ length: 6 }, () => put('r2')));
    expect(racing.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  it('holds nothing of a transaction that was rolled back', async () => {
    const failing = db.transaction(async (tx) => {
      await outbox.put(tx, { requestId: 'r1', draft: {} });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await outbox.reply('r1')).toBeUndefined();
    expect(await outbox.pending({ minAgeMs: 0, limit: 10 })).toEqual([]);
  });

  it('lists what was not settled for long enough, oldest first', async () => {
    const before = Date.now();
    await put('r1');
    await put('r2');
    await put('r3');
    await outbox.settle(['r2']);
    const pending = await outbox.pending({ minAgeMs: 0, limit: 10 });
    expect(pending.map(({ requestId, draft }) => ({ requestId, draft }))).toEqual([
      { requestId: 'r1', draft: { of: 'r1' } },
      { requestId: 'r3', draft: { of: 'r3' } },
    ]);
    expect(pending[0]?.at).toBeGreaterThanOrEqual(before - 1);
    expect(pending[0]?.at).toBeLessThanOrEqual(Date.now() + 1);
    expect(await outbox.pending({ minAgeMs: 0, limit: 1 })).toHaveLength(1);
    expect(await outbox.pending({ minAgeMs: 60_000, limit: 10 })).toEqual([]);
  });

  it('drops at settling what nobody needs any more', async () => {
    await put('r1');
    await put('r2', { reply: 1, keepReplyMs: 0 });
    await put('r3', { reply: 1 });
    await outbox.settle(['r1', 'r2', 'r3', 'unknown']);
    expect(await db.query(count)).toEqual([{ n: 1 }]);
    expect(await outbox.reply('r3')).toEqual({ reply: 1 });
  });

  it('goes on behind a draft that stays, also among drafts of one moment', async () => {
    const ids = Array.from({ length: 9 }, (_, n) => `r${n}`);
    await db.transaction((tx) =>
      outbox.putAll(
        tx,
        ids.map((requestId) => ({ requestId, draft: {} })),
      ),
    );
    await db.execute(
      sql('t.oneMoment', `UPDATE outbox SET at = '2026-01-01T00:00:00.000001Z' WHERE request_id > 'r2'`),
    );
    const behind = async (after?: string) =>
      (await outbox.pending({ minAgeMs: 0, limit: 4, after })).map((entry) => entry.requestId);
    expect(await behind()).toEqual(['r3', 'r4', 'r5', 'r6']);
    expect(await behind('r6')).toEqual(['r7', 'r8', 'r0', 'r1']);
    expect(await behind('r2')).toEqual([]);
    await outbox.settle(['r5']);
    expect(await behind('r4')).toEqual(['r6', 'r7', 'r8', 'r0']);
    expect(await behind('r5')).toEqual([]);
  });

  it('prunes settled entries whose time is over, and never an unsettled one', async () => {
    await put('short', { reply: 1, keepReplyMs: 200 });
    await put('long', { reply: 1, keepReplyMs: 60_000 });
    await put('unsettled', { reply: 1, keepReplyMs: 0 });
    await outbox.settle(['short', 'long']);
    await outbox.prune();
    expect(await outbox.reply('short')).toBeDefined();
    await pause(250);
    await outbox.prune();
    expect(await outbox.reply('short')).toBeUndefined();
    expect(await outbox.reply('long')).toBeDefined();
    expect(await outbox.reply('unsettled')).toBeDefined();
  });

  it('writes a batch with one statement and reads its replies with one', async () => {
    const entries = Array.from({ length: 256 }, (_, n) => ({ requestId: `r${n}`, draft: { n }, reply: { n } }));
    await db.transaction((tx) => outbox.putAll(tx, entries));
    const replies = await outbox.replies(['r0', 'r255', 'r256']);
    expect([...replies.keys()].sort()).toEqual(['r0', 'r255']);
    expect(replies.get('r255')).toEqual({ reply: { n: 255 } });
  });

  it('keeps every character of a key, also those that jsonb refuses', async () => {
    const key = 'a\u0000b\uD800"\\\u2028';
    await put('r1', { reply: { key } });
    expect(await outbox.reply('r1')).toEqual({ reply: { key } });
  });
});
