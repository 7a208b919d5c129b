import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { newBlobId } from '@coffer/blob-store';
import { expect } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { blobFile, checkBlobsWithin } from './blobs.ts';
import { body } from './contents.ts';
import { asAdministrator } from './database.ts';
import { countRecords } from './records.ts';
import type { World } from './scenario.ts';
import { listVersions } from './shown.ts';

/** Work that a running stack does by itself: it comes to the failpoint without being asked. */
export interface BackgroundScenario {
  readonly name: string;
  readonly failpoints: readonly string[];
  /** On a folder that no stack has started on yet; then there is nothing to prepare. */
  readonly firstStart?: boolean;
  /** Leaves behind what the work is about; the stack is stopped afterwards unless it was killed. */
  prepare?(world: World): Promise<void>;
  /** Settings with which the work comes soon. */
  readonly env?: NodeJS.ProcessEnv;
  /** What brings an armed stack to the failpoint when it gets ready. */
  act?(world: World): Promise<unknown>;
  /** The work is done, once. */
  finished(world: World): Promise<void>;
}

const sql = (world: World, text: string, values: unknown[] = []) =>
  asAdministrator(
    world.running.data,
    async (client) => (await client.query(text, values)).rows as Record<string, unknown>[],
  );
const put = (world: World, key: string, size: number) =>
  world.s3.send(new PutObjectCommand({ Bucket: world.bucket, Key: key, Body: body(size) }));

async function collected(world: World): Promise<void> {
  expect(await checkBlobsWithin(world.running.data, 'embedded', 20_000)).toEqual([]);
}

const worksAfterAll = async (world: World): Promise<void> => {
  await world.s3.send(new CreateBucketCommand({ Bucket: `first-${world.unique}` }));
  await world.s3.send(new PutObjectCommand({ Bucket: `first-${world.unique}`, Key: 'k', Body: 'works' }));
};

export const backgroundScenarios: readonly BackgroundScenario[] = [
  {
    name: 'the collector, of blobs that were overwritten',
    failpoints: ['object-storage.collector.before-forget'],
    prepare: async (world) => {
      await put(world, `over/${world.unique}`, 100_000);
      await put(world, `over/${world.unique}`, 100_000);
    },
    env: { COFFER_BLOB_GRACE_MS: '0' },
    finished: collected,
  },
  {
    name: 'the collector, of orphans',
    failpoints: ['object-storage.collector.after-claim'],
    prepare: async (world) => {
      const path = blobFile(world.running.data, newBlobId());
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, 'an upload that was broken off');
    },
    env: { COFFER_BLOB_GRACE_MS: '0' },
    finished: collected,
  },
  {
    name: 'the roll-forward of granted deletions',
    failpoints: ['object-storage.roll-forward.before-settle'],
    prepare: async (world) => {
      await sql(world, 'UPDATE objects.buckets SET protected = true, revision = revision + 1 WHERE name = $1', [
        world.versioned,
      ]);
      const Key = `granted/${world.unique}`;
      const { VersionId } = await world.s3.send(
        new PutObjectCommand({ Bucket: world.versioned, Key, Body: body(50_000) }),
      );
      await world.running.crash();
      await world.running.start({ COFFER_FAILPOINT: 'object-storage.delete.after-grant' });
      await world.s3.send(new DeleteObjectCommand({ Bucket: world.versioned, Key, VersionId })).catch(() => undefined);
      await world.running.endedWithin(10_000);
      await world.running.start();
      // Grants of the last half minute are left alone, since their deletion may be under way.
      const rows = await sql(
        world,
        `UPDATE governance.deletion_grants SET granted_at = now() - interval '1 hour' WHERE key = $1 AND settled_at IS NULL RETURNING 1`,
        [Key],
      );
      expect(rows).toHaveLength(1);
    },
    finished: async (world) => {
      await eventually(async () => {
        const rows = await sql(world, 'SELECT settled_at FROM governance.deletion_grants WHERE key = $1', [
          `granted/${world.unique}`,
        ]);
        expect(rows).toEqual([{ settled_at: expect.any(Date) as unknown }]);
      });
      expect((await listVersions(world.s3, world.versioned)).has(`granted/${world.unique}`)).toBe(false);
    },
  },
  {
    name: 'the drain of drafts that a crash left',
    failpoints: ['audit.drain.stored', 'audit.drain.settled'],
    prepare: async (world) => {
      await world.running.crash();
      await world.running.start({ COFFER_FAILPOINT: 'object-storage.commit.before-reply' });
      await put(world, `drained/${world.unique}`, 10).catch(() => undefined);
      await world.running.endedWithin(10_000);
    },
    finished: (world) =>
      eventually(async () => {
        const rows = await sql(world, `SELECT source FROM audit.records WHERE data->>'key' = $1`, [
          `drained/${world.unique}`,
        ]);
        expect(rows).toEqual([{ source: 'drained' }]);
      }),
  },
  {
    name: 'closing what was interrupted',
    failpoints: ['audit.closeInterrupted.committed'],
    prepare: async (world) => {
      await put(world, `open/${world.unique}`, 10);
      await eventually(async () => {
        const rows = await sql(
          world,
          `UPDATE audit.records SET phase = 'open' WHERE data->>'key' = $1 AND phase = 'closed' RETURNING request_id`,
          [`open/${world.unique}`],
        );
        expect(rows).toHaveLength(1);
        world.facts.set('request', rows[0]!['request_id'] as string);
      });
      // The process that is about to die holds the right to this work for two of its own, long intervals.
      await sql(world, 'DELETE FROM audit.leases', []);
    },
    env: { COFFER_LONGEST_REQUEST_MS: '100', COFFER_AUDIT_CLOSE_INTERVAL_MS: '200' },
    finished: async (world) => {
      const requestId = world.facts.get('request')!;
      expect(await countRecords(world.running.data, [{ requestId, status: 200, what: '' }])).toEqual(
        new Map([[requestId, 1]]),
      );
      const rows = await sql(world, 'SELECT phase FROM audit.records WHERE request_id = $1', [requestId]);
      expect(rows).toEqual([{ phase: 'closed' }]);
    },
  },
  {
    name: 'bringing the count of unrecorded requests to audit',
    failpoints: ['audit.recordGap.committed'],
    prepare: async (world) => {
      const gapId = randomUUID();
      world.facts.set('gap', gapId);
      const gap = {
        gapId,
        gateway: 'test',
        from: Date.now() - 1000,
        to: Date.now(),
        counts: { 'audit-unavailable': 3 },
      };
      await writeFile(join(world.running.data, 'spool', 'gateway', `${gapId}.json`), JSON.stringify(gap));
    },
    finished: (world) =>
      eventually(async () => {
        const rows = await sql(world, 'SELECT counts FROM audit.gaps WHERE gap_id = $1', [world.facts.get('gap')]);
        expect(rows).toEqual([{ counts: { 'audit-unavailable': 3 } }]);
      }),
  },
  {
    name: 'making the partition of a day',
    failpoints: ['audit.partitions.locked', 'audit.partitions.attached'],
    prepare: async (world) => {
      const rows = await sql(
        world,
        `SELECT max(relname) AS name FROM pg_class JOIN pg_inherits ON inhrelid = oid WHERE inhparent = 'audit.records'::regclass`,
      );
      world.facts.set('partition', rows[0]!['name'] as string);
      await sql(world, `DROP TABLE audit.${world.facts.get('partition')}`);
    },
    finished: (world) =>
      eventually(async () => {
        const rows = await sql(world, 'SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass($1)', [
          `audit.${world.facts.get('partition')}`,
        ]);
        expect(rows).toHaveLength(1);
      }),
  },
  {
    name: 'a long read whose answer was never sent',
    failpoints: ['gateway.record.before-answer'],
    prepare: async (world) => {
      await put(world, 'long/read', 200_000);
      await sql(world, 'DELETE FROM audit.leases', []);
    },
    env: { COFFER_LONGEST_REQUEST_MS: '100', COFFER_AUDIT_CLOSE_INTERVAL_MS: '200' },
    act: (world) => world.s3.send(new GetObjectCommand({ Bucket: world.bucket, Key: 'long/read' })),
    finished: (world) =>
      eventually(async () => {
        const rows = await sql(
          world,
          `SELECT phase, data->'interrupted' AS interrupted FROM audit.records
            WHERE operation = 'GetObject' AND data->>'key' = 'long/read'`,
        );
        expect(rows).toEqual([{ phase: 'closed', interrupted: true }]);
      }),
  },
  {
    name: 'the first key of a bucket',
    failpoints: ['gateway.bucket-key.before-offer', 'object-storage.offer-bucket-key.before-reply'],
    act: async (world) => {
      await world.s3.send(new CreateBucketCommand({ Bucket: `keyed-${world.unique}` }));
      await world.s3.send(new PutObjectCommand({ Bucket: `keyed-${world.unique}`, Key: 'k', Body: 'works' }));
    },
    finished: async (world) => {
      const { Buckets = [] } = await world.s3.send(new ListBucketsCommand({ Prefix: 'keyed-' }));
      expect(Buckets.length).toBeGreaterThan(0);
      for (const { Name: Bucket } of Buckets) {
        await world.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'works' }));
        const { Body } = await world.s3.send(new GetObjectCommand({ Bucket, Key: 'k' }));
        expect(await Body!.transformToString()).toBe('works');
      }
      // Nobody holds on to a key that was never stored, and there is never a second one.
      const keys = await sql(
        world,
        `SELECT count(*)::int AS n FROM objects.bucket_keys k JOIN objects.buckets b USING (bucket_id)
          WHERE b.name LIKE 'keyed-%'`,
      );
      expect(keys).toEqual([{ n: Buckets.length }]);
    },
  },
  {
    name: 'the first start',
    failpoints: [
      'kms.unseal.checkWritten',
      'kms.serviceKey.created',
      'identity.firstAccount.committed',
      'kms.generateDataKey.keyCreated',
    ],
    firstStart: true,
    act: worksAfterAll,
    finished: async (world) => {
      await world.s3.send(new CreateBucketCommand({ Bucket: `again-${world.unique}` }));
      await world.s3.send(new PutObjectCommand({ Bucket: `again-${world.unique}`, Key: 'k', Body: 'works' }));
      const accounts = await sql(world, 'SELECT count(*)::int AS n FROM identity.accounts');
      expect(accounts).toEqual([{ n: 1 }]);
    },
  },
];
