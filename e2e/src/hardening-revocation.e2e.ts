import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  ListPartsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { DeleteAccessKeyCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { beforeEach, describe, expect, it } from 'vitest';
import type { User } from './harness/accounts.ts';
import { newUser } from './harness/accounts.ts';
import { bucketName, cleanUp, newBucket } from './harness/buckets.ts';
import { iam, s3 } from './harness/clients.ts';
import { bytes, md5 } from './harness/data.ts';
import { refusal } from './harness/failures.ts';
import { halfSend } from './harness/half-sent.ts';
import type { Signing } from './harness/sign.ts';
import { signed } from './harness/sign.ts';
import { present } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);
const base64Md5 = (body: string) => Buffer.from(md5(body), 'hex').toString('base64');
const everything = { Effect: 'Allow', Action: 's3:*', Resource: '*' };

interface Case {
  readonly request: Signing;
  /** As the root user sees it; must be the same before and after. */
  readonly seen: () => Promise<unknown>;
}

/** What changes something and takes its orders from a body. */
const cases: [string, (bucket: string) => Promise<Case>][] = [
  [
    'PutObject',
    async (bucket) => ({
      request: { method: 'PUT', path: `/${bucket}/k`, body: 'new content' },
      seen: () => content(bucket),
    }),
  ],
  [
    'PutObject of many bytes, in the blob tier',
    async (bucket) => ({
      request: { method: 'PUT', path: `/${bucket}/k`, body: bytes(300_000) },
      seen: () => content(bucket),
    }),
  ],
  [
    'DeleteObjects',
    async (bucket) => {
      const body = '<Delete><Object><Key>k</Key></Object></Delete>';
      return {
        request: {
          method: 'POST',
          path: `/${bucket}`,
          query: { delete: '' },
          body,
          headers: { 'content-md5': base64Md5(body) },
        },
        seen: () => content(bucket),
      };
    },
  ],
  [
    'PutBucketPolicy',
    async (bucket) => ({
      request: {
        method: 'PUT',
        path: `/${bucket}`,
        query: { policy: '' },
        body: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Deny', Principal: '*', Action: 's3:DeleteBucket', Resource: `arn:aws:s3:::${bucket}` },
          ],
        }),
      },
      seen: async () => (await refusal(client.send(new GetBucketPolicyCommand({ Bucket: bucket })))).code,
    }),
  ],
  [
    'PutBucketVersioning',
    async (bucket) => ({
      request: {
        method: 'PUT',
        path: `/${bucket}`,
        query: { versioning: '' },
        body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
      },
      seen: async () => (await client.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status,
    }),
  ],
  [
    'PutObjectTagging',
    async (bucket) => ({
      request: {
        method: 'PUT',
        path: `/${bucket}/k`,
        query: { tagging: '' },
        body: '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
      },
      seen: async () => (await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: 'k' }))).TagSet,
    }),
  ],
  [
    'UploadPart',
    async (bucket) => {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'up' }));
      return {
        request: {
          method: 'PUT',
          path: `/${bucket}/up`,
          query: { partNumber: '1', uploadId: UploadId! },
          body: 'a part',
        },
        seen: async () => (await client.send(new ListPartsCommand({ Bucket: bucket, Key: 'up', UploadId }))).Parts,
      };
    },
  ],
  [
    'CompleteMultipartUpload',
    async (bucket) => {
      const target = { Bucket: bucket, Key: 'k' };
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
      const { ETag } = await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: 'a part' }));
      return {
        request: {
          method: 'POST',
          path: `/${bucket}/k`,
          query: { uploadId: UploadId! },
          body: `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${ETag}</ETag></Part></CompleteMultipartUpload>`,
        },
        seen: () => content(bucket),
      };
    },
  ],
  [
    'CreateBucket',
    async () => {
      const name = cleanUp(bucketName('late'));
      return {
        request: {
          method: 'PUT',
          path: `/${name}`,
          body: '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></CreateBucketConfiguration>',
        },
        seen: () =>
          client.send(new HeadBucketCommand({ Bucket: name })).then(
            () => 'there',
            (error: Error) => error.name,
          ),
      };
    },
  ],
];

async function content(bucket: string): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' }));
  return await Body!.transformToString();
}

describe.runIf(present)('rights taken away while the body of a request is on its way', () => {
  let bucket: string;
  let user: User;
  beforeEach(async () => {
    bucket = await newBucket({ purpose: 'revoke' });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'old content' }));
    user = await newUser([everything]);
  });

  describe.each(cases)('%s', (_, make) => {
    const refusedAfter = async (revoke: () => Promise<unknown>, code: string) => {
      const { request, seen } = await make(bucket);
      const before = await seen();
      const half = await halfSend(await signed({ ...request, keys: user }));
      // The gateway has the head, and has decided on it, before anything is taken away.
      expect(await half.answerWithin(300)).toBeUndefined();
      await revoke();
      half.finish();
      const answer = await half.answer;
      expect(`${answer.status} ${answer.error['Code']}`, answer.text).toBe(`403 ${code}`);
      expect(await seen()).toEqual(before);
    };

    it('is carried out when nothing was taken away', async () => {
      const { request, seen } = await make(bucket);
      const before = await seen();
      const half = await halfSend(await signed({ ...request, keys: user }));
      expect(await half.answerWithin(300)).toBeUndefined();
      half.finish();
      const answer = await half.answer;
      expect([200, 204], answer.text).toContain(answer.status);
      if (request.query?.['policy'] === undefined && request.query?.['delete'] === undefined) {
        expect(await seen()).not.toEqual(before);
      } else {
        await expect(seen()).rejects.toThrow();
      }
    });

    it('is refused when the access key was deleted', async () => {
      await refusedAfter(
        () => iam().send(new DeleteAccessKeyCommand({ UserName: user.name, AccessKeyId: user.accessKeyId })),
        'InvalidAccessKeyId',
      );
    });

    it('is refused when the access key was made inactive', async () => {
      await refusedAfter(
        () =>
          iam().send(
            new UpdateAccessKeyCommand({ UserName: user.name, AccessKeyId: user.accessKeyId, Status: 'Inactive' }),
          ),
        'InvalidAccessKeyId',
      );
    });

    it('is refused when the user’s policy was taken away', async () => {
      // What DeleteObjects may do is said for each key.
      if (make === cases.find(([name]) => name === 'DeleteObjects')![1]) {
        const { request, seen } = await make(bucket);
        const half = await halfSend(await signed({ ...request, keys: user }));
        expect(await half.answerWithin(300)).toBeUndefined();
        await user.forbid();
        half.finish();
        const answer = await half.answer;
        expect(answer.text).toContain('<Code>AccessDenied</Code>');
        expect(answer.text).not.toContain('<Deleted>');
        expect(await seen()).toBe('old content');
        return;
      }
      await refusedAfter(() => user.forbid(), 'AccessDenied');
    });
  });

  it('an upload that a bucket policy allowed is refused when that policy is gone', async () => {
    const guest = await newUser();
    const statement = {
      Effect: 'Allow',
      Principal: { AWS: guest.arn },
      Action: 's3:PutObject',
      Resource: `arn:aws:s3:::${bucket}/*`,
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    for (const body of ['small content', bytes(300_000)]) {
      const half = await halfSend(await signed({ method: 'PUT', path: `/${bucket}/k`, body, keys: guest }));
      expect(await half.answerWithin(300)).toBeUndefined();
      await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
      half.finish();
      const answer = await half.answer;
      expect(`${answer.status} ${answer.error['Code']}`).toBe('403 AccessDenied');
      expect(await content(bucket)).toBe('old content');
      await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    }
  });
});

describe.runIf(present)('rights given', () => {
  it('count for the very next request, whatever it is', async () => {
    const bucket = await newBucket({ purpose: 'grant' });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
    const own = await newBucket({ purpose: 'own' });
    const user = await newUser([{ Effect: 'Allow', Action: 's3:PutObject', Resource: `arn:aws:s3:::${own}/*` }]);
    const as = s3({ keys: user });
    const calls: [string, () => Promise<unknown>][] = [
      ['s3:PutObject', () => as.send(new PutObjectCommand({ Bucket: bucket, Key: 'new', Body: 'x' }))],
      ['s3:GetObject', () => as.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' }))],
      ['s3:GetObject', () => as.send(new CopyObjectCommand({ Bucket: own, Key: 'k', CopySource: `${bucket}/k` }))],
      [
        's3:DeleteObject',
        async () => {
          const done = await as.send(
            new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key: 'new' }] } }),
          );
          if (done.Errors) throw Object.assign(new Error('refused'), { name: done.Errors[0]!.Code });
        },
      ],
    ];
    for (const [Action, run] of calls) {
      await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
      expect((await refusal(run())).code).toBe('AccessDenied');
      const Statement = [
        { Effect: 'Allow', Principal: { AWS: user.arn }, Action, Resource: `arn:aws:s3:::${bucket}/*` },
      ];
      await client.send(
        new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }),
      );
      await run();
    }
  });
});
