import { createHash } from 'node:crypto';
import { s3Error } from '@coffer/contracts';
import { contentSha256Mismatch, type PayloadMode } from '@coffer/sigv4';
import { newDigester } from '../checksums/algorithms.ts';
import { declaredChecksum, declaredMd5 } from '../checksums/declared.ts';
import type { Incoming } from '../listen/incoming.ts';
import { BODY_ENDED_EARLY, hasEndedEarly } from '../listen/listener.ts';

/** Time for a body that is read whole: a start, and a second more for every 64 KiB that it may have. */
const BASE_MS = 20_000;
const BYTES_PER_SECOND = 64 * 1024;

/** Bytes of bodies read whole that one process holds at once; more must wait, or many small requests make a large one. */
export class BodyBudget {
  private held = 0;
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  /** Throws 503 SlowDown when the budget is used up; returns what gives the bytes back. */
  take(bytes: number): () => void {
    if (this.held + bytes > this.most) throw s3Error('SlowDown');
    this.held += bytes;
    let given = false;
    return () => {
      if (!given) this.held -= bytes;
      given = true;
    };
  }
}

/** Reads a body that an operation needs as a whole. Longer than `limit` is 400 MaxMessageLengthExceeded. */
export async function readWhole(incoming: Incoming, limit: number, budget: BodyBudget): Promise<Buffer> {
  const tooLong = () => s3Error('MaxMessageLengthExceeded', { MaxMessageLengthBytes: String(limit) });
  const announced = incoming.headers['content-length'];
  if (Number(announced ?? 0) > limit) throw tooLong();
  const giveBack = budget.take(announced === undefined ? limit : Number(announced));
  try {
    return await gather(incoming, limit, tooLong);
  } finally {
    giveBack();
  }
}

/** Gathers a body of at most `limit` bytes, for whose memory the caller answers. */
export function gather(incoming: Incoming, limit: number, tooLong: () => Error): Promise<Buffer> {
  const { message, gone } = incoming;
  if (gone.aborted || hasEndedEarly(message) || (message.destroyed && !message.readableEnded))
    return Promise.reject(s3Error('IncompleteBody'));
  incoming.wantBody();
  return new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stop = (error: Error) => {
      clearTimeout(timer);
      message.off('data', take);
      message.pause();
      reject(error);
    };
    const timer = setTimeout(
      () => stop(s3Error('RequestTimeout')),
      BASE_MS + (limit / BYTES_PER_SECOND) * 1000,
    ).unref();
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limit) stop(tooLong());
      else chunks.push(chunk);
    };
    message.on('data', take);
    message.once('end', () => {
      clearTimeout(timer);
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    });
    message.once('error', () => stop(s3Error('IncompleteBody')));
    message.once(BODY_ENDED_EARLY, () => stop(s3Error('IncompleteBody')));
    message.once('close', () => {
      if (!message.readableEnded) stop(s3Error('IncompleteBody'));
    });
  });
}

/**
 * Verifies every digest that the client announced for a body read whole.
 *
 * @param withChecksum false where `x-amz-checksum-*` speaks of something else than the body.
 */
export async function verifyWhole(
  incoming: Incoming,
  payload: PayloadMode,
  body: Buffer,
  withChecksum: boolean,
): Promise<void> {
  if (payload.kind === 'hash') {
    const actual = createHash('sha256').update(body).digest('hex');
    if (actual !== payload.sha256) throw contentSha256Mismatch(payload.sha256, actual);
  }
  const md5 = declaredMd5(incoming.headers);
  if (md5) {
    const actual = createHash('md5').update(body).digest();
    if (!md5.equals(actual)) {
      throw s3Error('BadDigest', {
        ExpectedDigest: md5.toString('base64'),
        CalculatedDigest: actual.toString('base64'),
      });
    }
  }
  const declared = withChecksum ? declaredChecksum(incoming.headers) : undefined;
  if (declared?.value !== undefined) {
    const counter = await newDigester(declared.algorithm);
    counter.update(body);
    if (counter.digest().toString('base64') !== declared.value) {
      throw s3Error(
        'BadDigest',
        {},
        {
          message: `The ${declared.algorithm} you specified did not match the calculated checksum.`,
        },
      );
    }
  }
}

/** Deleting many objects without an integrity header is refused, as S3 does: one flipped bit names another key. */
export function requireIntegrity(incoming: Incoming): void {
  if (declaredMd5(incoming.headers) || declaredChecksum(incoming.headers)) return;
  throw s3Error('InvalidRequest', {}, { message: 'Missing required header for this request: Content-MD5' });
}
