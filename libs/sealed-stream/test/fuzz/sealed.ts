import { expectation } from '@coffer/fuzz';
import { SealError } from '../../src/errors.ts';
import type { BlobIdentity } from '../../src/header.ts';

/** What the corpus is sealed under. */
export const KEY = Buffer.alloc(32, 0x5a);
export const IDENTITY: BlobIdentity = { bucketId: 'b-1', key: 'a/key', versionId: 'v-1', blobId: 'blob-1' };
export const KEK = Buffer.alloc(32, 0x3c);
export const CONTEXT = { service: 'kms', account: '111122223333' };

/** A refusal says why, and shows no bytes of the content. */
export function refusal(error: unknown, content: Buffer): string {
  if (!(error instanceof SealError)) throw error;
  if (content.length >= 8) {
    const shown = [content.toString('latin1'), content.toString('hex'), content.toString('base64')];
    expectation(!shown.some((text) => error.message.includes(text)), 'a refusal shows no content');
  }
  return error.code;
}
