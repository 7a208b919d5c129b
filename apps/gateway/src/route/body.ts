import { createHash } from 'node:crypto';
import { s3Error } from '@coffer/contracts';
import { contentSha256Mismatch, type PayloadMode } from '@coffer/sigv4';
import { newDigester } from '../checksums/algorithms.ts';
import { declaredChecksum, declaredMd5 } from '../checksums/declared.ts';
import type { Incoming } from '../listen/incoming.ts';

/** Reads a body that an operation needs as a whole. Longer than `limit` is 400 MaxMessageLengthExceeded. */
export async function readWhole(incoming: Incoming, limit: number): Promise<Buffer> {
  const tooLong = () => s3Error('MaxMessageLengthExceeded', { MaxMessageLengthBytes: String(limit) });
  if (Number(incoming.headers['content-length'] ?? 0) > limit) throw tooLong();
  incoming.wantBody();
  const { message } = incoming;
  return new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stop = (error: Error) => {
      message.off('data', take);
      message.pause();
      reject(error);
    };
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limit) stop(tooLong());
      else chunks.push(chunk);
    };
    message.on('data', take);
    message.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    message.once('error', () => stop(s3Error('IncompleteBody')));
    message.once('close', () => {
      if (!message.readableEnded) stop(s3Error('IncompleteBody'));
    });
  });
}

/** Verifies every digest that the client announced for a body read whole. */
export async function verifyWhole(incoming: Incoming, payload: PayloadMode, body: Buffer): Promise<void> {
  if (payload.kind === 'hash') {
    const actual = createHash('sha256').update(body).digest('hex');
    if (actual !== payload.sha256) throw contentSha256Mismatch(payload.sha256, actual);
  }
  const md5 = declaredMd5(incoming.headers);
  if (md5) {
    const actual = createHash('md5').update(body).digest();
    if (!md5.equals(actual)) {
      throw s3Error('BadDigest', { ExpectedDigest: md5.toString('base64'), CalculatedDigest: actual.toString('base64') });
    }
  }
  const declared = declaredChecksum(incoming.headers);
  if (declared?.value !== undefined) {
    const counter = await newDigester(declared.algorithm);
    counter.update(body);
    if (counter.digest().toString('base64') !== declared.value) {
      throw s3Error('BadDigest', {}, {
        message: `The ${declared.algorithm} you specified did not match the calculated checksum.`,
      });
    }
  }
}

/** Deleting many objects without an integrity header is refused, as S3 does: one flipped bit names another key. */
export function requireIntegrity(incoming: Incoming): void {
  if (declaredMd5(incoming.headers) || declaredChecksum(incoming.headers)) return;
  throw s3Error('InvalidRequest', {}, { message: 'Missing required header for this request: Content-MD5' });
}
