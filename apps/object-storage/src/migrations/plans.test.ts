import type * as DatabaseLib from '@coffer/database';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startWorld, type World } from '../testkit/world.ts';

const statements = vi.hoisted(() => new Map<string, string>());

// Listens in while the service's modules name their statements; everything works as it always does.
vi.mock('@coffer/database', async (original) => {
  const real = await original<typeof DatabaseLib>();
  const sql: typeof real.sql = (name, text) => {
    statements.set(name, text);
    return real.sql(name, text);
  };
  return { ...real, sql };
});

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

/** Tables of one row. */
const SMALL_TABLES = ['settings', 'collector_progress'];

/** Indexes that hold nothing but what waits to be worked on. */
const WAITING = [
  'blob_claims_waiting',
  'outbox_kept',
  'outbox_pending',
  'removed_buckets_by_age',
  'removed_uploads_by_age',
];

/** Statements about all of one bucket, on purpose. */
const ONE_BUCKET = [
  'buckets.anyVersion',
  'buckets.dropCompleted',
  'buckets.dropKeys',
  'collector.doomUploadParts',
  'collector.dropUploads',
  'collector.forgetBucket',
];

const INDEX_SCAN = /Index (?:Only )?Scan using (\w+)[^\n]*(?:\n\s*Index Cond: ([^\n]*))?/g;

/** Indexes in which one bucket may have very many entries. */
const LONG = /^versions_|^version_parts|^uploads|^upload_parts/;

/** The plan that a connection of the service keeps when it met the statement while the tables were empty. */
async function planOf(name: string, text: string): Promise<string> {
  const parameters = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])));
  const nulls = Array.from({ length: parameters }, () => 'NULL').join(', ');
  return await world.db.transaction(async (tx) => {
    const run = (sql: string) => tx.query<{ 'QUERY PLAN': string }>({ name: '', text: sql });
    await run(`PREPARE planned AS ${text}`);
    await run('SET LOCAL plan_cache_mode = force_generic_plan');
    const rows = await run(`EXPLAIN EXECUTE planned${parameters > 0 ? `(${nulls})` : ''}`);
    await run('DEALLOCATE planned');
    return `${name}\n${rows.map((row) => row['QUERY PLAN']).join('\n')}`;
  });
}

describe('query plans', () => {
  it('no statement scans a table that grows', async () => {
    expect(statements.size).toBeGreaterThan(50);
    const bad: string[] = [];
    for (const [name, text] of statements) {
      const plan = await planOf(name, text);
      const scanned = [...plan.matchAll(/Seq Scan on (\w+)/g)].map((match) => match[1] ?? '');
      if (scanned.some((table) => !SMALL_TABLES.includes(table)) || /Hash Join|Merge Join|Materialize/.test(plan))
        bad.push(plan);
      // An index that is read from end to end, or through a whole bucket, is a scan as well.
      for (const [, index = '', condition = ''] of plan.matchAll(INDEX_SCAN)) {
        if (WAITING.includes(index) || ONE_BUCKET.includes(name)) continue;
        if (condition === '' || (LONG.test(index) && !condition.includes(' AND '))) bad.push(plan);
      }
    }
    expect(bad.join('\n\n')).toBe('');
  });
});
