import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { md5, MiB } from '../harness/data.ts';
import { outcomeOf } from './client.ts';
import { body, contentOf } from './contents.ts';
import type { UploadState } from './journal.ts';
import type { Operation } from './operations.ts';
import type { Worker } from './worker.ts';
import { plain } from './worker.ts';

async function begin(worker: Worker): Promise<UploadState | undefined> {
  const key = worker.name('m');
  const outcome = await outcomeOf(() =>
    worker.client.send(new CreateMultipartUploadCommand({ Bucket: worker.buckets.plain, Key: key })),
  );
  if (outcome.kind === 'refused') worker.refused(`create an upload of ${key}`, outcome);
  if (outcome.kind === 'unsure') worker.journal.unansweredUploads += 1;
  if (outcome.kind !== 'done') return undefined;
  worker.journal.acknowledged += 1;
  const upload: UploadState = { key, uploadId: outcome.output.UploadId!, parts: new Map(), state: 'open' };
  worker.journal.uploads.set(upload.uploadId, upload);
  return upload;
}

/** Whether the part was acknowledged. */
async function sendPart(worker: Worker, upload: UploadState, PartNumber: number, bytes: Buffer): Promise<boolean> {
  const known = upload.parts.get(PartNumber);
  const etag = md5(bytes);
  const outcome = await outcomeOf(() =>
    worker.client.send(
      new UploadPartCommand({
        Bucket: worker.buckets.plain,
        Key: upload.key,
        UploadId: upload.uploadId,
        PartNumber,
        Body: bytes,
      }),
    ),
  );
  if (outcome.kind === 'refused') worker.refused(`part ${PartNumber} of ${upload.key}`, outcome);
  if (outcome.kind === 'unsure') {
    worker.journal.unanswered += 1;
    const etags = [...(known?.etags ?? []), etag];
    upload.parts.set(PartNumber, { size: bytes.length, etags, acknowledged: known?.acknowledged ?? false });
  }
  if (outcome.kind !== 'done') return false;
  worker.journal.acknowledged += 1;
  upload.parts.set(PartNumber, { size: bytes.length, etags: [etag], acknowledged: true });
  return true;
}

/** A multipart upload from its beginning to a completion, an abort, or being left open; some parts are sent twice. */
export const multipart: Operation = async (worker) => {
  const { random, journal } = worker;
  const upload = await begin(worker);
  if (!upload) return;
  const sizes = random.weighted<number[]>([
    [[random.int(1, 100_000)], 5],
    [[5 * MiB, random.int(1, 50_000)], 1],
  ]);
  const parts = sizes.map((size) => body(size));
  for (const [index, bytes] of parts.entries()) {
    if (random.chance(0.2) && !(await sendPart(worker, upload, index + 1, body(bytes.length)))) return;
    if (!(await sendPart(worker, upload, index + 1, bytes))) return;
  }
  const end = random.weighted<'complete' | 'abort' | 'leave'>([
    ['complete', 8],
    ['abort', 2],
    ['leave', 0.5],
  ]);
  if (end === 'leave') return;
  const named = { Bucket: worker.buckets.plain, Key: upload.key, UploadId: upload.uploadId };
  if (end === 'abort') {
    const outcome = await outcomeOf(() => worker.client.send(new AbortMultipartUploadCommand(named)));
    if (outcome.kind === 'refused') return worker.refused(`abort of ${upload.key}`, outcome);
    upload.state = outcome.kind === 'done' ? 'gone' : 'unsure';
    journal[outcome.kind === 'done' ? 'acknowledged' : 'unanswered'] += 1;
    return;
  }
  const made = contentOf(Buffer.concat(parts));
  journal.attempted.add(made.sha256);
  const Parts = parts.map((bytes, index) => ({ PartNumber: index + 1, ETag: `"${md5(bytes)}"` }));
  const outcome = await outcomeOf(() =>
    worker.client.send(new CompleteMultipartUploadCommand({ ...named, MultipartUpload: { Parts } })),
  );
  if (outcome.kind !== 'refused') upload.state = outcome.kind === 'done' ? 'gone' : 'unsure';
  worker.wrote(upload.key, plain(made), outcome);
};
