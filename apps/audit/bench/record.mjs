// Records a second: (1) batches straight into Postgres, (2) single records through the bus and its batching.
// Usage: node bench/record.mjs [records] [batch] [in flight]. Needs the built dist. Prints figures and plans.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InProcessHub, inProcessTransport } from '@coffer/bus';
import { audit as contracts } from '@coffer/contracts';
import { openDatabase, provision, schemas, sql, startEmbeddedPostgres } from '@coffer/database';
import { createLogger } from '@coffer/service-kit';
import { audit } from '../dist/index.js';
import { dayOf, firstRequestIdAt } from '../dist/records/request-id.js';
import { toRow } from '../dist/records/storable.js';
import { upsertDraftRecords, upsertRecords } from '../dist/records/upsert-records.js';

const total = Number(process.argv[2] ?? 50_000);
const batch = Number(process.argv[3] ?? 128);
const inFlight = Number(process.argv[4] ?? 3);
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function newRecord(bucket) {
  const time = Date.now();
  const chance = [...randomBytes(16)].map((byte) => ALPHABET[byte & 31]).join('');
  const arn = 'arn:aws:iam::123456789012:user/ann';
  const canonicalId = '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be';
  return {
    requestId: firstRequestIdAt(time).slice(0, 10) + chance,
    phase: 'closed',
    time,
    gateway: 'gateway-1',
    region: 'us-east-1',
    api: 's3',
    operation: 'PutObject',
    method: 'PUT',
    uri: `/photos/2026/11/23/holiday-${chance}.jpg?x-id=PutObject`,
    host: 'photos.s3.localhost:9010',
    remoteIp: '192.0.2.17',
    userAgent: 'aws-sdk-js/3.1040.0 ua/2.1 os/linux#6.1 lang/js md/nodejs#24.1.0 api/s3#3.1040.0',
    bucket,
    bucketId: '01KAS4T0000000000000000000',
    bucketOwner: '123456789012',
    key: `2026/11/23/holiday-${chance}.jpg`,
    versionId: 'mN8Zl0yJtY5m3V2xQ7rB1cD9fG4hK6pW',
    requester: { kind: 'user', arn, accountId: '123456789012', canonicalId, userId: 'AIDACKCEVSQ6C2EXAMPLE' },
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    authType: 'AuthHeader',
    signatureVersion: 'SigV4',
    decision: { allowed: true, reasons: [{ layer: 'identity', policy: 'photos', statement: 0, effect: 'Allow' }] },
    status: 200,
    bytesReceived: 4096,
    bytesSent: 0,
    objectSize: 4096,
    totalMs: 7,
    turnAroundMs: 6,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  };
}

const rowOf = (record) => toRow(record, dayOf(record.time));

async function timed(name, count, work) {
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  console.log(`${name}: ${Math.round(count / seconds)} records/s (${count} in ${seconds.toFixed(2)} s)`);
}

async function workers(items, size, width, write) {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const part = items.slice(next, (next += size));
      await write(part);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

const folder = await mkdtemp(join(tmpdir(), 'coffer-bench-'));
const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres') });
const password = randomBytes(12).toString('hex');
await provision(postgres.adminUrl(), { database: 'bench', services: [{ ...schemas.audit, password }] });
const url = new URL(postgres.adminUrl('bench'));
Object.assign(url, { username: schemas.audit.role, password });
const database = openDatabase({ url: url.href, applicationName: 'bench' });
const hub = new InProcessHub();
const service = await audit.start({
  env: { COFFER_DATABASE_URL: url.href },
  transport: inProcessTransport(hub, 'audit'),
  logger: createLogger({ service: 'audit', level: 'silent' }),
});
const client = inProcessTransport(hub, 'gateway').client;
const records = Array.from({ length: total }, (_, n) => newRecord(`bucket-${n % 50}`));
console.log(`a record is ${JSON.stringify(records[0]).length} bytes of JSON; batch ${batch}, ${inFlight} in flight`);

await timed('new records, straight', total, () =>
  workers(records, batch, inFlight, (part) => upsertRecords(database, part.map(rowOf))),
);
await timed('drafts that add nothing', total, () =>
  workers(records, 500, 1, (part) =>
    upsertDraftRecords(
      database,
      part.map((each) => rowOf({ ...each, phase: 'draft' })),
    ),
  ),
);
const reads = Array.from({ length: total / 5 }, () => newRecord('reads'));
await timed('open, then closed', reads.length, async () => {
  await workers(reads, batch, inFlight, (part) =>
    upsertRecords(
      database,
      part.map((each) => rowOf({ ...each, phase: 'open' })),
    ),
  );
  await workers(reads, batch, inFlight, (part) => upsertRecords(database, part.map(rowOf)));
});
const single = Array.from({ length: total / 2 }, () => newRecord('single'));
for (const callers of [1, 16, 64, 256]) {
  const share = single.splice(0, callers === 1 ? 500 : Math.floor(total / 8));
  await timed(`through the bus, ${callers} callers`, share.length, () =>
    workers(share, 1, callers, ([record]) => client.call(contracts.record, record)),
  );
}

const size = sql(
  'bench.size',
  `SELECT sum(pg_table_size(inhrelid))::bigint / $1 AS heap, sum(pg_indexes_size(inhrelid))::bigint / $1 AS indexes
   FROM pg_inherits WHERE inhparent = 'records'::regclass`,
);
const rows = await database.query(sql('bench.count', 'SELECT count(*) AS n FROM records'));
const [bytes] = await database.query(size, [rows[0].n]);
console.log(`${String(rows[0].n)} rows; bytes a row: ${String(bytes.heap)} table, ${String(bytes.indexes)} indexes`);

await database.execute(sql('bench.analyze', 'ANALYZE records'));
const today = dayOf(Date.now());
const explain = async (name, text, values) => {
  const plan = await database.query(
    sql(`bench.explain.${name}`, `EXPLAIN (ANALYZE, COSTS OFF, SUMMARY ON, BUFFERS OFF) ${text}`),
    values,
  );
  console.log(`\n${name}\n${plan.map((row) => `  ${String(row['QUERY PLAN'])}`).join('\n')}`);
};
const range = [today, today, '0', 'Z', 100];
const where = 'WHERE day BETWEEN $1::date AND $2::date AND request_id BETWEEN $3 AND $4';
await explain('byBucket', `SELECT * FROM records ${where} AND bucket = $6 ORDER BY request_id DESC LIMIT $5`, [
  ...range,
  'bucket-7',
]);
await explain('newest', `SELECT * FROM records ${where} ORDER BY request_id DESC LIMIT $5`, range);
await explain(
  'byIds',
  `SELECT * FROM records ${where} AND day = ANY ($6::date[]) AND request_id = ANY ($7::text[]) ORDER BY request_id DESC LIMIT $5`,
  [...range, [today], records.slice(0, 20).map((each) => each.requestId)],
);
await explain(
  'interrupted',
  `SELECT request_id, day FROM records WHERE phase = 'open' AND time < now() - interval '1 day' ORDER BY time LIMIT 1000`,
  [],
);

await service.stop();
await database.close();
await postgres.stop();
await rm(folder, { recursive: true });
