import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteAccessKeyCommand, DeleteUserCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { User } from './harness/accounts.ts';
import { newUser } from './harness/accounts.ts';
import { newBucket } from './harness/buckets.ts';
import type { ProgramOptions } from './harness/cli.ts';
import { aws, curl, python } from './harness/cli.ts';
import type { Keys } from './harness/clients.ts';
import { iam, s3 } from './harness/clients.ts';
import { bytes } from './harness/data.ts';
import { presignedTarget } from './harness/sign.ts';
import { present, stack } from './harness/stack.ts';
import { send } from './harness/wire.ts';

const client = present ? s3() : (undefined as never);

describe.runIf(present)('presigned URLs', () => {
  let bucket: string;
  const body = bytes(50_000).toString('base64');
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'presign' });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a folder/ü+1', Body: body }));
  });

  const cli = async (options: ProgramOptions = {}, ...more: string[]) =>
    (await aws(['s3', 'presign', `s3://${bucket}/a folder/ü+1`, ...more], options)).trim();
  const everything = () => ({
    Effect: 'Allow',
    Action: 's3:*',
    Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
  });
  const boto = (method: string, key: string, options: ProgramOptions & { version?: string } = {}): Promise<string> =>
    python(
      `
import boto3, json, sys
from botocore.config import Config
version = sys.argv[4] or None
s3 = boto3.client('s3', config=Config(signature_version=version) if version else None)
print(json.dumps(s3.generate_presigned_url(sys.argv[1], Params={'Bucket': sys.argv[2], 'Key': sys.argv[3]}, ExpiresIn=300)))
`,
      { ...options, args: [method, bucket, key, options.version ?? ''] },
    );

  describe('made by "aws s3 presign"', () => {
    it('in us-east-1 is of SigV2 and opens with curl', async () => {
      const url = await cli({ region: 'us-east-1' });
      expect(url).toContain('AWSAccessKeyId=');
      expect(await curl([url])).toMatchObject({ status: 200, body });
    });

    it('over https', async () => {
      const url = await cli({ https: true });
      expect(await curl(['--cacert', stack().caBundle!, url])).toMatchObject({ status: 200, body });
    });

    it('with signature version 4', async () => {
      const config = 'set default.s3.signature_version s3v4';
      const own = { env: { AWS_CONFIG_FILE: `${stack().scratch}/v4-config` } };
      await aws(['configure', ...config.split(' ')], own);
      const url = await cli(own);
      expect(url).toContain('X-Amz-Signature=');
      expect(await curl([url])).toMatchObject({ status: 200, body });
    });

    it('does not open another key, another method, or with another signature', async () => {
      const url = await cli();
      expect((await curl([url.replace('%C3%BC', 'x')])).status).toBe(403);
      const put = await curl(['-X', 'PUT', '--data', 'x', url]);
      expect(put.status).toBe(403);
      expect(put.body).toContain('<Code>SignatureDoesNotMatch</Code>');
      expect((await curl([url.replace(/Signature=[^&]{4}/, 'Signature=AAAA')])).status).toBe(403);
    });

    it('stops when it expires', async () => {
      const url = await cli({}, '--expires-in', '2');
      expect((await curl([url])).status).toBe(200);
      await pause(3_100);
      const late = await curl([url]);
      expect(late.status).toBe(403);
      expect(late.body).toContain('<Code>AccessDenied</Code><Message>Request has expired</Message>');
    });
  });

  describe.each([
    ['SigV2', undefined],
    ['SigV4', 's3v4'],
  ])('made by boto3 with %s', (_, version) => {
    it('uploads, reads, asks and deletes', async () => {
      const options = version === undefined ? {} : { version };
      const key = `boto ${version}`;
      const put = await curl(
        ['-X', 'PUT', '-H', 'Content-Type:', '--data-binary', '@-', await boto('put_object', key, options)],
        {
          input: body,
        },
      );
      expect(put.status, put.body).toBe(200);
      expect(await curl([await boto('get_object', key, options)])).toMatchObject({ status: 200, body });
      expect((await curl(['-I', await boto('head_object', key, options)])).status).toBe(200);
      expect((await curl(['-X', 'DELETE', await boto('delete_object', key, options)])).status).toBe(204);
      expect((await curl([await boto('get_object', key, options)])).status).toBe(404);
    });
  });

  describe('made by the JavaScript SDK', () => {
    it('uploads, reads, asks and deletes', async () => {
      const target = { Bucket: bucket, Key: 'js/ü key' };
      const put = await fetch(await getSignedUrl(client, new PutObjectCommand(target)), { method: 'PUT', body });
      expect(put.status, await put.text()).toBe(200);
      const got = await fetch(await getSignedUrl(client, new GetObjectCommand(target)));
      expect(await got.text()).toBe(body);
      expect((await fetch(await getSignedUrl(client, new HeadObjectCommand(target)), { method: 'HEAD' })).status).toBe(
        200,
      );
      expect(
        (await fetch(await getSignedUrl(client, new DeleteObjectCommand(target)), { method: 'DELETE' })).status,
      ).toBe(204);
      expect((await fetch(await getSignedUrl(client, new GetObjectCommand(target)))).status).toBe(404);
    });

    it('changes the headers of the answer when it says so, and only then', async () => {
      const url = await getSignedUrl(
        client,
        new GetObjectCommand({
          Bucket: bucket,
          Key: 'a folder/ü+1',
          ResponseContentDisposition: 'attachment; filename="x"',
        }),
      );
      expect((await fetch(url)).headers.get('content-disposition')).toBe('attachment; filename="x"');
      expect((await fetch(url.replace('attachment', 'inline'))).status).toBe(403);
    });

    it('binds the headers that it signed', async () => {
      const command = new PutObjectCommand({ Bucket: bucket, Key: 'typed', ContentType: 'text/plain' });
      const url = await getSignedUrl(client, command, { signableHeaders: new Set(['content-type']) });
      const wrong = await fetch(url, { method: 'PUT', body, headers: { 'content-type': 'text/html' } });
      expect(wrong.status).toBe(403);
      const right = await fetch(url, { method: 'PUT', body, headers: { 'content-type': 'text/plain' } });
      expect(right.status).toBe(200);
    });
  });

  describe('carry the rights of the signer at the time of use', () => {
    const ways: [string, (keys: Keys) => Promise<string>][] = [
      ['SigV2', (keys) => cli({ keys, region: 'us-east-1' })],
      ['SigV4', (keys) => getSignedUrl(s3({ keys }), new GetObjectCommand({ Bucket: bucket, Key: 'a folder/ü+1' }))],
    ];
    const ends: [string, number, string, (user: User) => Promise<unknown>][] = [
      ['the policy is taken away', 403, 'AccessDenied', (user) => user.forbid()],
      [
        'a denial is added',
        403,
        'AccessDenied',
        (user) => user.allow(everything(), { ...everything(), Effect: 'Deny' }),
      ],
      [
        'the key is deactivated',
        403,
        'InvalidAccessKeyId',
        (user) =>
          iam().send(
            new UpdateAccessKeyCommand({ UserName: user.name, AccessKeyId: user.accessKeyId, Status: 'Inactive' }),
          ),
      ],
      [
        'the key and the user are deleted',
        403,
        'InvalidAccessKeyId',
        async (user) => {
          await user.forbid();
          await iam().send(new DeleteAccessKeyCommand({ UserName: user.name, AccessKeyId: user.accessKeyId }));
          await iam().send(new DeleteUserCommand({ UserName: user.name }));
        },
      ],
    ];
    for (const [version, make] of ways) {
      it.each(ends)(`${version}: stops at once when %s`, async (_, status, code, end) => {
        const user = await newUser([everything()]);
        const url = await make(user);
        for (let n = 0; n < 3; n += 1) expect((await curl([url])).status).toBe(200);
        await end(user);
        const answer = await curl([url]);
        expect(answer.status, answer.body).toBe(status);
        expect(answer.body).toContain(`<Code>${code}</Code>`);
      });
    }

    it('PUT and DELETE stop at once as well', async () => {
      const user = await newUser([everything()]);
      const own = s3({ keys: user });
      const put = await getSignedUrl(own, new PutObjectCommand({ Bucket: bucket, Key: 'taken' }));
      const remove = await getSignedUrl(own, new DeleteObjectCommand({ Bucket: bucket, Key: 'taken' }));
      expect((await fetch(put, { method: 'PUT', body: 'first' })).status).toBe(200);
      await user.forbid();
      expect((await fetch(put, { method: 'PUT', body: 'second' })).status).toBe(403);
      expect((await fetch(remove, { method: 'DELETE' })).status).toBe(403);
      const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'taken' }));
      expect(await got.Body!.transformToString()).toBe('first');
    });

    it('a right given later opens a URL made before', async () => {
      const user = await newUser();
      const url = await getSignedUrl(s3({ keys: user }), new GetObjectCommand({ Bucket: bucket, Key: 'a folder/ü+1' }));
      expect((await fetch(url)).status).toBe(403);
      await user.allow(everything());
      expect((await fetch(url)).status).toBe(200);
    });
  });

  describe('of SigV4 are checked', () => {
    const path = () => `/${bucket}/a%20folder/%C3%BC%2B1`;
    const open = (target: string) => send({ method: 'GET', target, headers: { host: new URL(stack().endpoint).host } });
    const parameter = (target: string, name: string, value: string | undefined) => {
      const url = new URL(target, 'http://x');
      if (value === undefined) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
      return url.pathname + url.search.replaceAll('+', '%20');
    };

    it('604800 seconds are the most', async () => {
      expect((await open(await presignedTarget({ path: path(), expires: 604_800 }))).status).toBe(200);
    });

    it.each([
      ['604801', /must be less than a week/],
      ['-1', /must be non-negative/],
      ['soon', /should be a number/],
    ])('X-Amz-Expires=%s', async (value, message) => {
      const answer = await open(parameter(await presignedTarget({ path: path() }), 'X-Amz-Expires', value));
      expect([answer.status, answer.error['Code']]).toEqual([400, 'AuthorizationQueryParametersError']);
      expect(answer.error['Message']).toMatch(message);
    });

    it.each(['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Expires', 'X-Amz-SignedHeaders'])(
      'without %s',
      async (name) => {
        const answer = await open(parameter(await presignedTarget({ path: path() }), name, undefined));
        expect(answer.status).toBe(400);
        expect(answer.error['Code']).toBe('AuthorizationQueryParametersError');
        expect(answer.error['Message']).toMatch(/^Query-string authentication version 4 requires the /);
      },
    );

    it.each([
      ['X-Amz-Date', '2026-01-01'],
      ['X-Amz-Credential', 'AKIA/20260101/us-east-1/s3'],
      ['X-Amz-Algorithm', 'AWS4-HMAC-MD5'],
    ])('%s=%s', async (name, value) => {
      const answer = await open(parameter(await presignedTarget({ path: path() }), name, value));
      expect([answer.status, answer.error['Code']]).toEqual([400, 'AuthorizationQueryParametersError']);
    });

    it('expired', async () => {
      const date = new Date(Date.now() - 120_000);
      const answer = await open(await presignedTarget({ path: path(), date, expires: 60 }));
      expect([answer.status, answer.error['Code'], answer.error['Message']]).toEqual([
        403,
        'AccessDenied',
        'Request has expired',
      ]);
      expect(answer.error).toMatchObject({
        'X-Amz-Expires': '60',
        Expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        ServerTime: expect.stringMatching(/^\d{4}-/),
      });
    });

    it('of the future', async () => {
      const date = new Date(Date.now() + 30 * 60_000);
      const answer = await open(await presignedTarget({ path: path(), date }));
      expect([answer.status, answer.error['Code'], answer.error['Message']]).toEqual([
        403,
        'AccessDenied',
        'Request is not valid yet',
      ]);
    });

    it('of a region that is not here', async () => {
      const answer = await open(await presignedTarget({ path: path(), region: 'mars-north-1' }));
      expect([answer.status, answer.error['Code']]).toEqual([400, 'AuthorizationQueryParametersError']);
      expect(answer.error['Region']).toBe(stack().region);
    });

    it('unsigned x-amz headers are refused', async () => {
      const answer = await send({
        method: 'GET',
        target: await presignedTarget({ path: path() }),
        headers: { host: new URL(stack().endpoint).host, 'x-amz-request-payer': 'requester' },
      });
      expect([answer.status, answer.error['Code'], answer.error['Message']]).toEqual([
        403,
        'AccessDenied',
        'There were headers present in the request which were not signed',
      ]);
      expect(answer.error['HeadersNotSigned']).toBe('x-amz-request-payer');
    });
  });

  it('SigV2 without one of its parameters', async () => {
    const url = (await cli()).replace(/&Expires=\d+/, '');
    const answer = await curl([url]);
    expect(answer.status).toBe(403);
    expect(answer.body).toContain(
      'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
    );
  });
});
