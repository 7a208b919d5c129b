import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { s3 } from './harness/clients.ts';
import { bytes, md5 } from './harness/data.ts';
import { expectRefused } from './harness/failures.ts';
import { present } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);
const RACERS = 16;

/** Runs all at once; returns the indices that won and demands that every loser was told 412 or 409. */
async function race(tasks: (() => Promise<unknown>)[]): Promise<number[]> {
  const ends = await Promise.allSettled(tasks.map((task) => task()));
  for (const end of ends) {
    if (end.status === 'rejected')
      expect(['PreconditionFailed', 'ConditionalRequestConflict']).toContain(end.reason.name);
  }
  return ends.flatMap((end, index) => (end.status === 'fulfilled' ? [index] : []));
}

describe.runIf(present)('conditional writes', () => {
  let bucket: string;
  beforeAll(async () => void (bucket = await newBucket()));
  const put = (input: Omit<PutObjectCommandInput, 'Bucket'>) =>
    client.send(new PutObjectCommand({ Bucket: bucket, ...input }));
  const read = async (Key: string) =>
    Buffer.from(await (await client.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body!.transformToByteArray());

  it('If-None-Match: * makes a key once', async () => {
    await put({ Key: 'once', Body: 'a', IfNoneMatch: '*' });
    const refused = await expectRefused(
      put({ Key: 'once', Body: 'b', IfNoneMatch: '*' }),
      412,
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold',
    );
    expect(refused.error['Condition']).toBe('If-None-Match');
    expect((await read('once')).toString()).toBe('a');
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'once' }));
    await put({ Key: 'once', Body: 'c', IfNoneMatch: '*' });
  });

  it('If-Match replaces what it names alone', async () => {
    await put({ Key: 'match', Body: 'a' });
    await expectRefused(put({ Key: 'match', Body: 'b', IfMatch: '"nope"' }), 412, 'PreconditionFailed');
    await put({ Key: 'match', Body: 'b', IfMatch: `"${md5('a')}"` });
    await expectRefused(put({ Key: 'match', Body: 'c', IfMatch: `"${md5('a')}"` }), 412, 'PreconditionFailed');
    await expectRefused(put({ Key: 'match-absent', Body: 'c', IfMatch: `"${md5('a')}"` }), 404, 'NoSuchKey');
  });

  it.each<[object, string, string]>([
    [
      { IfNoneMatch: '"etag"' },
      'If-None-Match',
      "We don't accept the provided value of If-None-Match header for this API",
    ],
    [{ IfMatch: '*' }, 'If-Match', "We don't accept the provided value of If-Match header for this API"],
    [
      { IfMatch: '"etag"', IfNoneMatch: '*' },
      'If-Match,If-None-Match',
      'Multiple conditional request headers present in the request',
    ],
  ])('%j is refused by a put, a copy and a completion', async (conditions, header, additionalMessage) => {
    await put({ Key: 'source', Body: 'a' });
    const target = { Bucket: bucket, Key: 'unsupported' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
    const part = await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: 'a' }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] };
    for (const write of [
      () => client.send(new PutObjectCommand({ ...target, Body: 'b', ...conditions })),
      () => client.send(new CopyObjectCommand({ ...target, CopySource: `${bucket}/source`, ...conditions })),
      () => client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload, ...conditions })),
    ]) {
      const { error } = await expectRefused(
        write(),
        501,
        'NotImplemented',
        'A header you provided implies functionality that is not implemented',
      );
      expect(error).toMatchObject({ Header: header, additionalMessage });
    }
    await expectRefused(read('unsupported'), 404, 'NoSuchKey');
    await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }));
    expect((await read('unsupported')).toString()).toBe('a');
    await client.send(new DeleteObjectCommand(target));
  });

  it.each([
    ['small bodies', 200],
    ['bodies in the blob tier', 300_000],
  ])(`of ${RACERS} racing to make a key exactly one wins: %s`, async (kind, size) => {
    for (let round = 0; round < 5; round += 1) {
      const bodies = Array.from({ length: RACERS }, () => bytes(size));
      const key = `race-${kind}-${round}`;
      const winners = await race(bodies.map((Body) => () => put({ Key: key, Body, IfNoneMatch: '*' })));
      expect(winners).toHaveLength(1);
      expect((await read(key)).equals(bodies[winners[0]!]!)).toBe(true);
    }
  });

  it(`of ${RACERS} racing to replace one ETag exactly one wins`, async () => {
    let etag = (await put({ Key: 'swap', Body: 'start' })).ETag!;
    for (let round = 0; round < 5; round += 1) {
      const bodies = Array.from({ length: RACERS }, () => bytes(100));
      const winners = await race(bodies.map((Body) => () => put({ Key: 'swap', Body, IfMatch: etag })));
      expect(winners).toHaveLength(1);
      const won = bodies[winners[0]!]!;
      expect((await read('swap')).equals(won)).toBe(true);
      etag = `"${md5(won)}"`;
    }
  });

  it('a counter kept by compare-and-swap loses no increment', async () => {
    await put({ Key: 'counter', Body: '0' });
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        for (let done = 0; done < 5;) {
          const now = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'counter' }));
          const next = String(Number(await now.Body!.transformToString()) + 1);
          const won = await put({ Key: 'counter', Body: next, IfMatch: now.ETag! }).then(
            () => true,
            (error: Error) => {
              expect(['PreconditionFailed', 'ConditionalRequestConflict']).toContain(error.name);
              return false;
            },
          );
          if (won) done += 1;
        }
      }),
    );
    expect((await read('counter')).toString()).toBe('30');
  });

  it('multipart uploads racing to complete: exactly one makes the key', async () => {
    const uploads = await Promise.all(
      Array.from({ length: 4 }, async (_, n) => {
        const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'mp' }));
        const part = { Bucket: bucket, Key: 'mp', UploadId, PartNumber: 1, Body: `upload ${n}` };
        return { UploadId, ETag: (await client.send(new UploadPartCommand(part))).ETag };
      }),
    );
    const winners = await race(
      uploads.map(
        ({ UploadId, ETag }) =>
          () =>
            client.send(
              new CompleteMultipartUploadCommand({
                Bucket: bucket,
                Key: 'mp',
                UploadId,
                MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
                IfNoneMatch: '*',
              }),
            ),
      ),
    );
    expect(winners).toHaveLength(1);
    expect((await read('mp')).toString()).toBe(`upload ${winners[0]}`);
  });

  it('DELETE with If-Match removes what it names alone', async () => {
    await put({ Key: 'del', Body: 'a' });
    await expectRefused(
      client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'del', IfMatch: '"other"' })),
      412,
      'PreconditionFailed',
    );
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'del', IfMatch: `"${md5('a')}"` }));
    await expectRefused(client.send(new GetObjectCommand({ Bucket: bucket, Key: 'del' })), 404, 'NoSuchKey');
  });

  it('in a versioned bucket a losing write leaves no version', async () => {
    const versioned = await newBucket({ versioning: 'Enabled' });
    const winners = await race(
      Array.from(
        { length: RACERS },
        (_, n) => () =>
          client.send(new PutObjectCommand({ Bucket: versioned, Key: 'v', Body: `${n}`, IfNoneMatch: '*' })),
      ),
    );
    expect(winners).toHaveLength(1);
    const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket: versioned }));
    expect(Versions).toHaveLength(1);
    // Under a delete marker the key does not exist, so it may be made again.
    await client.send(new DeleteObjectCommand({ Bucket: versioned, Key: 'v' }));
    await client.send(new PutObjectCommand({ Bucket: versioned, Key: 'v', Body: 'again', IfNoneMatch: '*' }));
  });
});
