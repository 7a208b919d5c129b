import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { beforeAll, expect, it } from 'vitest';
import { asAdministrator } from './faults/database.ts';
import { newUser } from './harness/accounts.ts';
import { newBucket } from './harness/buckets.ts';
import { rootKeys, s3 } from './harness/clients.ts';
import { bytes } from './harness/data.ts';
import { eventually } from './harness/eventually.ts';
import { call } from './harness/sign.ts';
import { onLocalData, present, stack } from './harness/stack.ts';
import type { Wire } from './harness/wire.ts';
import { raw, send } from './harness/wire.ts';

const client = present ? s3() : (undefined as never);

interface Row {
  request_id: string;
  phase: string;
  operation: string;
  bucket: string | null;
  status: number | null;
  error_code: string | null;
  requester_arn: string | null;
  data: Record<string, unknown>;
}

function rows(requestIds: readonly string[]): Promise<Row[]> {
  return asAdministrator(stack().dataFolder!, async (database) => {
    const { rows: found } = await database.query<Row>(
      'SELECT request_id, phase::text, operation, bucket, status, error_code, requester_arn, data FROM audit.records WHERE request_id = ANY ($1)',
      [requestIds],
    );
    return found;
  });
}

/** The one record of a request, once it is closed. */
async function recordOf(requestId: string | undefined): Promise<Row> {
  expect(requestId).toBeTruthy();
  return await eventually(async () => {
    const found = await rows([requestId!]);
    expect(found).toHaveLength(1);
    expect(found[0]!.phase).toBe('closed');
    return found[0]!;
  }, 30_000);
}

const idOf = (answer: Wire) => answer.headers['x-amz-request-id'] as string | undefined;

onLocalData('records', () => {
  let bucket: string;
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'rec' });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: bytes(300_000) }));
  });

  it('of a read says who, what, when and how much', async () => {
    const answer = await call({
      path: `/${bucket}/k`,
      headers: { 'user-agent': 'e2e "quoted" agent', referer: 'https://from.example/' },
    });
    const record = await recordOf(idOf(answer));
    expect(record).toMatchObject({ operation: 'GetObject', bucket, status: 200, error_code: null });
    expect(record.requester_arn).toMatch(/:root$/);
    expect(record.data).toMatchObject({
      key: 'k',
      method: 'GET',
      accessKeyId: rootKeys().accessKeyId,
      authType: 'AuthHeader',
      signatureVersion: 'SigV4',
      bytesSent: 300_000,
      objectSize: 300_000,
      userAgent: 'e2e "quoted" agent',
      referer: 'https://from.example/',
      remoteIp: expect.stringMatching(/127\.0\.0\.1|::1/),
    });
    expect(Math.abs((record.data['time'] as number) - Date.now())).toBeLessThan(120_000);
  });

  it('of refused and malformed requests are there too', async () => {
    const user = await newUser();
    const host = new URL(stack().endpoint).host;
    const answers: [string, Wire][] = [
      ['404 NoSuchKey', await call({ path: `/${bucket}/absent` })],
      ['404 NoSuchBucket', await call({ path: '/no-such-bucket-at-all-7d1/k' })],
      ['403 AccessDenied', await call({ path: `/${bucket}/k`, keys: user })],
      ['403 AccessDenied', await send({ method: 'GET', target: `/${bucket}/k`, headers: { host } })],
      [
        '403 SignatureDoesNotMatch',
        await call({ path: `/${bucket}/k`, keys: { ...rootKeys(), secretAccessKey: 'x'.repeat(40) } }),
      ],
      [
        '403 InvalidAccessKeyId',
        await call({ path: `/${bucket}/k`, keys: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' } }),
      ],
      ['403 RequestTimeTooSkewed', await call({ path: `/${bucket}/k`, date: new Date(0) })],
      ['400 AuthorizationHeaderMalformed', await call({ path: `/${bucket}/k`, region: 'mars-north-1' })],
      ['400 MalformedXML', await call({ method: 'PUT', path: `/${bucket}`, query: { versioning: '' }, body: 'junk' })],
      [
        '400 BadDigest',
        await call({
          method: 'PUT',
          path: `/${bucket}/bad`,
          body: 'x',
          headers: { 'x-amz-checksum-crc32': 'AAAAAA==' },
        }),
      ],
      ['400 KeyTooLongError', await call({ method: 'PUT', path: `/${bucket}/${'k'.repeat(1025)}`, body: 'x' })],
      ['400 InvalidBucketName', await call({ method: 'PUT', path: '/Not_A_Name' })],
      ['501 NotImplemented', await call({ path: `/${bucket}`, query: { accelerate: '' } })],
      ['416 InvalidRange', await call({ path: `/${bucket}/k`, headers: { range: 'bytes=999999-' } })],
      ['405 MethodNotAllowed', await call({ method: 'PATCH', path: `/${bucket}/k` })],
    ];
    for (const [expected, answer] of answers) {
      expect(`${answer.status} ${answer.error['Code']}`).toBe(expected);
      const record = await recordOf(idOf(answer));
      expect(`${record.status} ${record.error_code}`).toBe(expected);
    }
    const refused = await recordOf(idOf(answers[2]![1]));
    expect(refused.requester_arn).toBe(user.arn);
    expect(refused.data['decision']).toMatchObject({ allowed: false });
    const head = await call({ method: 'HEAD', path: `/${bucket}/absent` });
    expect(await recordOf(idOf(head))).toMatchObject({ operation: 'HeadObject', status: 404 });
    const unchanged = await call({ path: `/${bucket}/k`, headers: { 'if-none-match': '*' } });
    expect(unchanged.status).toBe(304);
    expect(await recordOf(idOf(unchanged))).toMatchObject({ status: 304 });
  });

  it('of presigned requests hold no signature', async () => {
    const response = await fetch(await getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: 'k' })));
    await response.arrayBuffer();
    const record = await recordOf(response.headers.get('x-amz-request-id') ?? undefined);
    expect(record.data).toMatchObject({ authType: 'QueryString', signatureVersion: 'SigV4' });
    const signature = /X-Amz-Signature=([0-9a-f]{64})/.exec(response.url)![1]!;
    expect(JSON.stringify(record.data)).not.toContain(signature);
  });

  it('of a multi-delete has an entry for each key', async () => {
    const done = await client.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: [{ Key: 'one' }, { Key: 'two' }, { Key: 'three' }] },
      }),
    );
    const record = await recordOf(done.$metadata.requestId);
    const children = record.data['children'] as { key?: string }[];
    expect(new Set(children.map(({ key }) => key))).toEqual(new Set(['one', 'two', 'three']));
    expect(children).toHaveLength(3);
  });

  it('of a copy names its source', async () => {
    const done = await client.send(new CopyObjectCommand({ Bucket: bucket, Key: 'copy', CopySource: `${bucket}/k` }));
    const record = await recordOf(done.$metadata.requestId);
    expect(record.operation).toBe('CopyObject');
    expect(JSON.stringify(record.data['children'])).toContain('"k"');
  });

  it('of a download that the client cut off says so', async () => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'long', Body: bytes(40 * 1024 * 1024) }));
    const url = new URL(await getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: 'long' })));
    const abort = new AbortController();
    const response = await fetch(url, { signal: abort.signal });
    const requestId = response.headers.get('x-amz-request-id') ?? undefined;
    await response.body!.getReader().read();
    abort.abort();
    const record = await recordOf(requestId);
    expect(record.data['interrupted']).toBe(true);
    expect(record.data['bytesSent']).toBeLessThan(40 * 1024 * 1024);
  });

  it('of IAM and STS are there', async () => {
    for (const [service, Action, Version] of [
      ['iam', 'ListUsers', '2010-05-08'],
      ['sts', 'GetCallerIdentity', '2011-06-15'],
    ]) {
      const answer = await call({
        method: 'POST',
        path: '/',
        service: service!,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `Action=${Action}&Version=${Version}`,
      });
      expect(answer.status, answer.text).toBe(200);
      const id = /<RequestId>(.*?)<\/RequestId>/.exec(answer.text)![1];
      expect(await recordOf(id)).toMatchObject({ operation: Action, status: 200 });
    }
  });

  it('one for each of a thousand mixed requests, and every id is another', async () => {
    const ids: string[] = [];
    const user = await newUser();
    const denied = s3({ keys: user });
    const kinds: (() => Promise<string | undefined>)[] = [
      async () =>
        (await client.send(new PutObjectCommand({ Bucket: bucket, Key: `m${ids.length}`, Body: 'x' }))).$metadata
          .requestId,
      async () => (await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 5 }))).$metadata.requestId,
      async () => {
        const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'k', Range: 'bytes=0-9' }));
        await got.Body!.transformToByteArray();
        return got.$metadata.requestId;
      },
      () => denied.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' })).catch((error) => error.$metadata.requestId),
      () =>
        client
          .send(new GetObjectCommand({ Bucket: bucket, Key: 'absent' }))
          .catch((error) => error.$metadata.requestId),
    ];
    let next = 0;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        while (next < 1_000) {
          const id = await kinds[next++ % kinds.length]!();
          expect(id).toBeTruthy();
          ids.push(id!);
        }
      }),
    );
    expect(new Set(ids).size).toBe(1_000);
    await eventually(async () => {
      const found = await rows(ids);
      expect(found).toHaveLength(1_000);
      expect(found.filter(({ phase }) => phase !== 'closed')).toEqual([]);
    }, 30_000);
  });

  it('what HTTP could not read is counted, not lost', async () => {
    await raw(['nonsense\r\n\r\n']);
    await eventually(
      () =>
        asAdministrator(stack().dataFolder!, async (database) => {
          const { rows: found } = await database.query<{ counts: Record<string, number> }>(
            'SELECT counts FROM audit.gaps',
          );
          expect(found.length).toBeGreaterThan(0);
        }),
      60_000,
    );
  });
});
