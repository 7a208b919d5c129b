import type { CORSRule } from '@aws-sdk/client-s3';
import {
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { s3 } from './harness/clients.ts';
import { expectRefused } from './harness/failures.ts';
import { call, presignedTarget } from './harness/sign.ts';
import { present, stack } from './harness/stack.ts';
import { send } from './harness/wire.ts';

const client = present ? s3() : (undefined as never);
const NOT_ALLOWED =
  "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";

describe.runIf(present)('CORS', () => {
  let bucket: string;
  const put = (Bucket: string, ...CORSRules: CORSRule[]) =>
    client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
  const host = () => new URL(stack().endpoint).host;
  const preflight = (headers: Record<string, string>, target = `/${bucket}/some/key`) =>
    send({ method: 'OPTIONS', target, headers: { host: host(), ...headers } });

  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'cors' });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
    await put(
      bucket,
      {
        AllowedOrigins: ['https://app.example', 'https://*.wild.example'],
        AllowedMethods: ['GET', 'PUT'],
        AllowedHeaders: ['content-*', 'x-amz-meta-colour'],
        ExposeHeaders: ['ETag', 'x-amz-version-id'],
        MaxAgeSeconds: 300,
      },
      { AllowedOrigins: ['*'], AllowedMethods: ['GET'] },
    );
  });

  describe('the configuration', () => {
    it('is put, read and deleted', async () => {
      const own = await newBucket();
      await expectRefused(
        client.send(new GetBucketCorsCommand({ Bucket: own })),
        404,
        'NoSuchCORSConfiguration',
        'The CORS configuration does not exist',
      );
      const rule: CORSRule = {
        ID: 'one',
        AllowedOrigins: ['*'],
        AllowedMethods: ['GET', 'HEAD'],
        AllowedHeaders: ['*'],
        ExposeHeaders: ['ETag'],
        MaxAgeSeconds: 5,
      };
      await put(own, rule);
      expect((await client.send(new GetBucketCorsCommand({ Bucket: own }))).CORSRules).toEqual([rule]);
      for (let n = 0; n < 2; n += 1) {
        const gone = await client.send(new DeleteBucketCorsCommand({ Bucket: own }));
        expect(gone.$metadata.httpStatusCode).toBe(204);
      }
      await expectRefused(client.send(new GetBucketCorsCommand({ Bucket: own })), 404, 'NoSuchCORSConfiguration');
    });

    it.each(['OPTIONS', '*', 'get'])('with the method %s is refused', async (method) => {
      await expectRefused(
        put(bucket, { AllowedOrigins: ['*'], AllowedMethods: [method] }),
        400,
        'InvalidRequest',
        `Found unsupported HTTP method in CORS config. Unsupported method is ${method}`,
      );
    });

    it('with two wildcards is refused', async () => {
      await expectRefused(
        put(bucket, { AllowedOrigins: ['https://*.x.*'], AllowedMethods: ['GET'] }),
        400,
        'InvalidRequest',
        'AllowedOrigin "https://*.x.*" can not have more than one wildcard.',
      );
      await expectRefused(
        put(bucket, { AllowedOrigins: ['*'], AllowedMethods: ['GET'], AllowedHeaders: ['*a*'] }),
        400,
        'InvalidRequest',
        'AllowedHeader "*a*" can not have more than one wildcard.',
      );
    });

    it('without rules, origins or methods, or with more than a hundred rules, is malformed', async () => {
      const rule: CORSRule = { AllowedOrigins: ['*'], AllowedMethods: ['GET'] };
      await expectRefused(put(bucket), 400, 'MalformedXML');
      await expectRefused(put(bucket, { ...rule, AllowedOrigins: [] }), 400, 'MalformedXML');
      await expectRefused(put(bucket, { ...rule, AllowedMethods: [] }), 400, 'MalformedXML');
      await expectRefused(put(bucket, ...Array.from({ length: 101 }, () => rule)), 400, 'MalformedXML');
    });
  });

  describe('a preflight', () => {
    it('that fits is answered without a signature, also for a key that is not there', async () => {
      const answer = await preflight({
        origin: 'https://app.example',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'Content-Type, X-Amz-Meta-Colour',
      });
      expect([answer.status, answer.headers['content-length']]).toEqual([200, '0']);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': 'https://app.example',
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET, PUT',
        'access-control-allow-headers': 'content-type, x-amz-meta-colour',
        'access-control-expose-headers': 'ETag, x-amz-version-id',
        'access-control-max-age': '300',
        vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
      });
    });

    it('of a wildcard origin echoes it; a literal * grants no credentials', async () => {
      const wild = await preflight({ origin: 'https://a.wild.example', 'access-control-request-method': 'GET' });
      expect(wild.headers['access-control-allow-origin']).toBe('https://a.wild.example');
      const any = await preflight({ origin: 'https://elsewhere.example', 'access-control-request-method': 'GET' });
      expect(any.headers['access-control-allow-origin']).toBe('*');
      expect(any.headers['access-control-allow-credentials']).toBeUndefined();
      expect(any.headers['access-control-max-age']).toBeUndefined();
      expect(any.headers['access-control-allow-headers']).toBeUndefined();
    });

    it.each<[string, Record<string, string>]>([
      ['another method', { origin: 'https://app.example', 'access-control-request-method': 'DELETE' }],
      ['another origin', { origin: 'https://app.example:8443', 'access-control-request-method': 'PUT' }],
      ['another case', { origin: 'https://APP.example', 'access-control-request-method': 'PUT' }],
      [
        'another header',
        {
          origin: 'https://app.example',
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'content-type,x-other',
        },
      ],
    ])('with %s is refused', async (_, headers) => {
      const answer = await preflight(headers);
      expect(answer.status).toBe(403);
      expect(answer.error).toMatchObject({
        Code: 'AccessForbidden',
        Message: NOT_ALLOWED,
        Method: headers['access-control-request-method'],
        ResourceType: 'OBJECT',
      });
      expect((await preflight(headers, `/${bucket}`)).error['ResourceType']).toBe('BUCKET');
    });

    it('that lacks what it needs is refused', async () => {
      const origin = await preflight({ 'access-control-request-method': 'GET' });
      expect([origin.status, origin.error['Code'], origin.error['Message']]).toEqual([
        400,
        'BadRequest',
        'Insufficient information. Origin request header needed.',
      ]);
      const method = await preflight({ origin: 'https://app.example', 'access-control-request-method': 'FETCH' });
      expect([method.status, method.error['Code'], method.error['Message']]).toEqual([
        400,
        'BadRequest',
        'Invalid Access-Control-Request-Method: FETCH',
      ]);
    });

    it('for a bucket that is not there, or has no configuration', async () => {
      const headers = { origin: 'https://app.example', 'access-control-request-method': 'GET' };
      const missing = await preflight(headers, '/no-such-bucket-at-all-7d1/k');
      expect([missing.status, missing.error['Code'], missing.error['Message']]).toEqual([
        403,
        'AccessForbidden',
        'CORSResponse: Bucket not found',
      ]);
      const plain = await newBucket();
      const unset = await preflight(headers, `/${plain}/k`);
      expect([unset.status, unset.error['Code'], unset.error['Message']]).toEqual([
        403,
        'AccessForbidden',
        'CORSResponse: CORS is not enabled for this bucket.',
      ]);
    });
  });

  describe('a request', () => {
    const request = (origin: string | undefined, path = `/${bucket}/k`, method = 'GET') =>
      call({ method, path, headers: { ...(origin && { origin }) } });

    it('of an allowed origin gets the headers', async () => {
      const answer = await request('https://app.example');
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': 'https://app.example',
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'ETag, x-amz-version-id',
        vary: expect.stringContaining('Origin'),
      });
    });

    it('gets them on errors too', async () => {
      const missing = await request('https://app.example', `/${bucket}/absent`);
      expect([missing.status, missing.headers['access-control-allow-origin']]).toEqual([404, 'https://app.example']);
      const target = await presignedTarget({ path: `/${bucket}/k` });
      const forged = await send({
        method: 'GET',
        target: target.replace(/X-Amz-Signature=..../, 'X-Amz-Signature=0000'),
        headers: { host: host(), origin: 'https://app.example' },
      });
      expect([forged.status, forged.headers['access-control-allow-origin']]).toEqual([403, 'https://app.example']);
    });

    it('gets those of rules put or taken away a moment ago, on errors too', async () => {
      const own = await newBucket();
      const origin = 'https://app.example';
      const target = (await presignedTarget({ path: `/${own}/k` })).replace(
        /X-Amz-Signature=..../,
        'X-Amz-Signature=0000',
      );
      const refused = async () => {
        const absent = await request(origin, `/${own}/absent`);
        const forged = await send({ method: 'GET', target, headers: { host: host(), origin } });
        return [absent, forged].map(({ status, headers }) => [status, headers['access-control-allow-origin']]);
      };
      const none = [
        [404, undefined],
        [403, undefined],
      ];
      expect(await refused()).toEqual(none);
      await put(own, { AllowedOrigins: [origin], AllowedMethods: ['GET'] });
      expect(await refused()).toEqual([
        [404, origin],
        [403, origin],
      ]);
      await client.send(new DeleteBucketCorsCommand({ Bucket: own }));
      expect(await refused()).toEqual(none);
    });

    it('that no rule fits is served without them', async () => {
      const answer = await request('https://elsewhere.example', `/${bucket}/new`, 'PUT');
      expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, undefined]);
      expect((await request(undefined)).headers['access-control-allow-origin']).toBeUndefined();
    });
  });
});
