import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { GetUserCommand } from '@aws-sdk/client-iam';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { newUser } from './harness/accounts.ts';
import { newBucket } from './harness/buckets.ts';
import type { Keys } from './harness/clients.ts';
import { iam, rootKeys, s3 } from './harness/clients.ts';
import { md5 } from './harness/data.ts';
import { eventually } from './harness/eventually.ts';
import { refusal } from './harness/failures.ts';
import { recordsWithIds } from './harness/records.ts';
import type { Signing } from './harness/sign.ts';
import { call, presignedTarget } from './harness/sign.ts';
import { onLocalData, present, stack } from './harness/stack.ts';
import type { Wire } from './harness/wire.ts';
import { send } from './harness/wire.ts';

const client = present ? s3() : (undefined as never);
const base64Md5 = (body: string) => Buffer.from(md5(body), 'hex').toString('base64');
const host = () => new URL(stack().endpoint).host;
const said = ({ status, error }: Wire) => `${status} ${error['Code']}`;
const read = async (Bucket: string, Key: string) =>
  await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString();

async function presigned(signing: Signing): Promise<Wire> {
  return await send({
    method: signing.method ?? 'GET',
    target: await presignedTarget(signing),
    headers: { host: host() },
  });
}

describe.runIf(present)('a presigned copy', () => {
  let bucket: string;
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'pcopy' });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'source', Body: 'from the source' }));
  });
  const old = async (Key: string) => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'old content' }));
    return `/${bucket}/${Key}`;
  };

  it.each(['x-amz-copy-source', 'X-Amz-Copy-Source'])('with its source in the query as %s copies', async (name) => {
    const path = await old(`to-${name}`);
    const answer = await presigned({ method: 'PUT', path, query: { [name]: `/${bucket}/source` } });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.text).toContain('<CopyObjectResult');
    expect(await read(bucket, `to-${name}`)).toBe('from the source');
  });

  it('of the JavaScript SDK copies', async () => {
    await old('to-sdk');
    const command = new CopyObjectCommand({ Bucket: bucket, Key: 'to-sdk', CopySource: `${bucket}/source` });
    const response = await fetch(await getSignedUrl(client, command), { method: 'PUT' });
    expect(response.status, await response.text()).toBe(200);
    expect(await read(bucket, 'to-sdk')).toBe('from the source');
  });

  it('into a part copies', async () => {
    const target = { Bucket: bucket, Key: 'parts' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
    const answer = await presigned({
      method: 'PUT',
      path: `/${bucket}/parts`,
      query: { partNumber: '1', uploadId: UploadId!, 'x-amz-copy-source': `/${bucket}/source` },
    });
    expect(answer.status, answer.text).toBe(200);
    const ETag = /<ETag>(.*?)<\/ETag>/.exec(answer.text)![1]!.replaceAll('&quot;', '"').replaceAll('&#34;', '"');
    await client.send(
      new CompleteMultipartUploadCommand({
        ...target,
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
      }),
    );
    expect(await read(bucket, 'parts')).toBe('from the source');
  });

  it('of what its signer may not read is refused, and the destination stays', async () => {
    const writer = await newUser([{ Effect: 'Allow', Action: 's3:PutObject', Resource: `arn:aws:s3:::${bucket}/*` }]);
    const path = await old('kept');
    const query = { 'x-amz-copy-source': `/${bucket}/source` };
    expect(said(await presigned({ method: 'PUT', path, query, keys: writer }))).toBe('403 AccessDenied');
    expect(await read(bucket, 'kept')).toBe('old content');
  });

  it('of nothing is refused, and the destination stays', async () => {
    const path = await old('kept2');
    for (const source of ['', '/', `/${bucket}/absent`, `/${bucket}/source?versionId=`, `/${bucket}/source?x=1`]) {
      const answer = await presigned({ method: 'PUT', path, query: { 'x-amz-copy-source': source } });
      expect(answer.status, `${source}: ${answer.text}`).toBeGreaterThanOrEqual(400);
      expect(await read(bucket, 'kept2')).toBe('old content');
    }
  });
});

describe.runIf(present)('an empty version id', () => {
  let bucket: string;
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'empty' });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'precious', Tagging: 'a=b' }));
  });
  const tagging = '<Tagging><TagSet></TagSet></Tagging>';

  it.each<[string, Signing['method'], Record<string, string>, Partial<Signing>]>([
    ['GetObject', 'GET', {}, {}],
    ['HeadObject', 'HEAD', {}, {}],
    ['DeleteObject', 'DELETE', {}, {}],
    ['GetObjectTagging', 'GET', { tagging: '' }, {}],
    ['PutObjectTagging', 'PUT', { tagging: '' }, { body: tagging, headers: { 'content-md5': base64Md5(tagging) } }],
    ['DeleteObjectTagging', 'DELETE', { tagging: '' }, {}],
    ['GetObjectAttributes', 'GET', { attributes: '' }, { headers: { 'x-amz-object-attributes': 'ETag' } }],
  ])('is refused by %s, in a header-signed and in a presigned request', async (_, method, query, more) => {
    const signing = { method: method!, path: `/${bucket}/k`, query: { ...query, versionId: '' }, ...more };
    const answers = [await call(signing)];
    if (more.body === undefined && more.headers === undefined) answers.push(await presigned(signing));
    for (const answer of answers) {
      expect(answer.status).toBe(400);
      if (method !== 'HEAD') {
        expect(answer.error).toMatchObject({
          Code: 'InvalidArgument',
          Message: 'Version id cannot be the empty string',
        });
      }
    }
    expect(await read(bucket, 'k')).toBe('precious');
  });

  it('does not get around a Deny on deleting', async () => {
    const user = await newUser([{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
    const Statement = [
      { Effect: 'Deny', Principal: { AWS: user.arn }, Action: 's3:DeleteObject', Resource: `arn:aws:s3:::${bucket}/*` },
    ];
    await client.send(
      new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }),
    );
    expect(said(await call({ method: 'DELETE', path: `/${bucket}/k`, keys: user }))).toBe('403 AccessDenied');
    const query = { versionId: '' };
    expect((await call({ method: 'DELETE', path: `/${bucket}/k`, query, keys: user })).status).toBe(400);
    const body = '<Delete><Object><Key>k</Key><VersionId></VersionId></Object></Delete>';
    const many = await call({
      method: 'POST',
      path: `/${bucket}`,
      query: { delete: '' },
      body,
      headers: { 'content-md5': base64Md5(body) },
      keys: user,
    });
    expect(many.text).not.toContain('<Deleted>');
    expect(await read(bucket, 'k')).toBe('precious');
  });

  it('is refused in a source of a copy', async () => {
    const copy = (source: string) =>
      call({ method: 'PUT', path: `/${bucket}/copy`, headers: { 'x-amz-copy-source': source } });
    for (const query of ['?versionId=', '?', '?foo=1&versionId=x']) {
      expect(said(await copy(`/${bucket}/k${query}`))).toBe('400 InvalidArgument');
    }
    expect((await call({ method: 'HEAD', path: `/${bucket}/copy` })).status).toBe(404);
  });
});

describe.runIf(present)('conditions on s3:VersionId', () => {
  let bucket: string;
  let user: Keys;
  let first: string;
  let second: string;
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'vid', versioning: 'Enabled' });
    const put = async () =>
      (await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }))).VersionId!;
    first = await put();
    second = await put();
    const known = await newUser([{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
    user = known;
    const Statement = [
      {
        Effect: 'Deny',
        Principal: { AWS: known.arn },
        Action: ['s3:DeleteObjectVersion', 's3:GetObjectVersion'],
        Resource: `arn:aws:s3:::${bucket}/*`,
        Condition: { StringEquals: { 's3:VersionId': first } },
      },
    ];
    await client.send(
      new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }),
    );
  });
  const versions = async () =>
    (await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: 'k' }))).Versions?.map(
      ({ VersionId }) => VersionId,
    );
  const multiDelete = (ids: string[], query: Record<string, string> = {}) => {
    const body = `<Delete>${ids.map((id) => `<Object><Key>k</Key><VersionId>${id}</VersionId></Object>`).join('')}</Delete>`;
    return call({
      method: 'POST',
      path: `/${bucket}`,
      query: { delete: '', ...query },
      body,
      headers: { 'content-md5': base64Md5(body) },
      keys: user,
    });
  };

  it('hold for single reads and deletes', async () => {
    const query = { versionId: first };
    expect(said(await call({ path: `/${bucket}/k`, query, keys: user }))).toBe('403 AccessDenied');
    expect(said(await call({ method: 'DELETE', path: `/${bucket}/k`, query, keys: user }))).toBe('403 AccessDenied');
    expect((await call({ path: `/${bucket}/k`, query: { versionId: second }, keys: user })).status).toBe(200);
  });

  it('hold for each key of a multi-delete, whatever the request’s own query says', async () => {
    for (const query of [{}, { versionId: second }, { versionId: first }] as Record<string, string>[]) {
      const answer = await multiDelete([first], query);
      expect(answer.text).not.toContain('<Deleted>');
      expect(await versions()).toContain(first);
    }
    const extra = (await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }))).VersionId!;
    const mixed = await multiDelete([first, extra]);
    expect(mixed.status).toBe(200);
    expect(mixed.text).toContain(`<Code>AccessDenied</Code>`);
    expect([...mixed.text.matchAll(/<Deleted>/g)]).toHaveLength(1);
    expect(new Set(await versions())).toEqual(new Set([first, second]));
  });

  it('hold for the source of a copy', async () => {
    const copy = (version: string, query: Record<string, string> = {}) =>
      call({
        method: 'PUT',
        path: `/${bucket}/copy`,
        query,
        headers: { 'x-amz-copy-source': `/${bucket}/k?versionId=${version}` },
        keys: user,
      });
    expect(said(await copy(first))).toBe('403 AccessDenied');
    const disguised = await copy(first, { versionId: second });
    expect(disguised.status, disguised.text).toBeGreaterThanOrEqual(400);
    expect((await call({ method: 'HEAD', path: `/${bucket}/copy` })).status).toBe(404);
    expect((await copy(second)).status).toBe(200);
  });
});

describe.runIf(present)('signature version 2', () => {
  const v2 = (text: string) => createHmac('sha1', rootKeys().secretAccessKey).update(text).digest('base64');
  const type = 'application/x-www-form-urlencoded';

  it.each([
    ['CreateUser', '2010-05-08'],
    ['GetCallerIdentity', '2011-06-15'],
  ])('in a header does not call %s, whose body it does not cover', async (action, version) => {
    const date = new Date().toUTCString();
    const UserName = `v2-${Date.now()}`;
    const answer = await send({
      method: 'POST',
      target: '/',
      headers: {
        host: host(),
        date,
        'content-type': type,
        authorization: `AWS ${rootKeys().accessKeyId}:${v2(`POST\n\n${type}\n${date}\n/`)}`,
      },
      body: `Action=${action}&Version=${version}&UserName=${UserName}`,
    });
    expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect((await refusal(iam().send(new GetUserCommand({ UserName })))).code).toMatch(/^NoSuchEntity/);
  });

  it('in a query does not either', async () => {
    const expires = Math.floor(Date.now() / 1000) + 300;
    const UserName = `v2q-${Date.now()}`;
    const signature = encodeURIComponent(v2(`POST\n\n${type}\n${expires}\n/`));
    const answer = await send({
      method: 'POST',
      target: `/?AWSAccessKeyId=${rootKeys().accessKeyId}&Expires=${expires}&Signature=${signature}`,
      headers: { host: host(), 'content-type': type },
      body: `Action=CreateUser&Version=2010-05-08&UserName=${UserName}`,
    });
    expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect((await refusal(iam().send(new GetUserCommand({ UserName })))).code).toMatch(/^NoSuchEntity/);
  });
});

onLocalData('the record of a presigned request', () => {
  it('holds no signature, however its name was written, nor that of the page it came from', async () => {
    const bucket = await newBucket({ purpose: 'recsig' });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
    const target = await presignedTarget({ path: `/${bucket}/k` });
    const signature = /X-Amz-Signature=([0-9a-f]{64})/.exec(target)![1]!;
    const accessKeyId = rootKeys().accessKeyId;
    const spellings = [
      target,
      target.replace('X-Amz-Signature', 'X%2DAmz-Signature'),
      target.replace('X-Amz-Signature', '%58-Amz-S%69gnature').replace('X-Amz-Credential', 'X-Amz%2DCredential'),
    ];
    for (const spelling of spellings) {
      const answer = await send({
        method: 'GET',
        target: spelling,
        headers: { host: host(), referer: `${stack().endpoint}${spelling}` },
      });
      const id = answer.headers['x-amz-request-id'] as string;
      await eventually(async () => {
        const found = await recordsWithIds(stack().dataFolder!, [id]);
        expect(found).toHaveLength(1);
        expect(found[0]!.status).toBe(answer.status);
        const text = JSON.stringify(found[0]);
        expect(text).not.toContain(signature);
        const { uri, referer } = found[0]!.data as { uri: string; referer: string };
        expect(uri).not.toContain(accessKeyId);
        expect(referer).not.toContain(accessKeyId);
      });
    }
  });
});
