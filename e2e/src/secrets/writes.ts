import type { S3Client } from '@aws-sdk/client-s3';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { MiB } from '../harness/data.ts';

/** Long enough that chance does not make it, short enough to stand often in every segment. */
const MARKER_BYTES = 24;

/** A body in which a marker of its own stands again and again, at every alignment, with other bytes between. */
export function markedBody(size: number): { marker: Buffer; body: Buffer } {
  const marker = randomBytes(MARKER_BYTES);
  const pieces: Buffer[] = [];
  for (let length = 0; length < size;) {
    const piece = Buffer.concat([marker, randomBytes(8 + (pieces.length % 3))]);
    pieces.push(piece);
    length += piece.length;
  }
  return { marker, body: Buffer.concat(pieces).subarray(0, size) };
}

/**
 * Writes objects in every way that bytes can come in.
 * @returns the marker of each, by the way in which it came
 */
export async function writeEverything(client: S3Client, bucket: string): Promise<Map<string, Buffer>> {
  const markers = new Map<string, Buffer>();
  const make = (way: string, size: number): Buffer => {
    const { marker, body } = markedBody(size);
    markers.set(way, marker);
    return body;
  };
  const put = (Key: string, Body: Buffer) => client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  await client.send(new CreateBucketCommand({ Bucket: bucket }));

  await put('small', make('a body in the row', 1_000));
  await put('row', make('the largest body in the row', 16_000));
  await put('large', make('a body in the blob tier', 2 * MiB));
  await put('overwritten', make('an overwritten body', 900));
  await put('overwritten', make('the body in its place', 300_000));
  await put('deleted', make('a deleted body', 900));
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'deleted' }));
  for (const source of ['small', 'large']) {
    await client.send(
      new CopyObjectCommand({ Bucket: bucket, Key: `copy-of-${source}`, CopySource: `${bucket}/${source}` }),
    );
  }
  await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: 'md5',
      Body: make('a body with a checksum', 700),
      ChecksumAlgorithm: 'SHA256',
    }),
  );

  const upload = { Bucket: bucket, Key: 'parts' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
  const parts = [make('a large part', 5 * MiB), make('a small part', 3_000)];
  const Parts = [];
  for (const [index, Body] of parts.entries()) {
    const PartNumber = index + 1;
    const { ETag } = await client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }));

  const open = { Bucket: bucket, Key: 'open' };
  const begun = await client.send(new CreateMultipartUploadCommand(open));
  await client.send(
    new UploadPartCommand({
      ...open,
      UploadId: begun.UploadId,
      PartNumber: 1,
      Body: make('a part of an open upload', 50_000),
    }),
  );
  await client.send(
    new UploadPartCopyCommand({ ...open, UploadId: begun.UploadId, PartNumber: 2, CopySource: `${bucket}/large` }),
  );

  await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  await put('versions', make('an old version', 800));
  await put('versions', make('a new version', 800));
  // Reading must leave no trace either.
  for (const Key of ['small', 'large', 'parts']) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    await Body!.transformToByteArray();
  }
  return markers;
}
