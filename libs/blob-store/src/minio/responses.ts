import type { Dispatcher } from 'undici';
import { BlobError, blobExists, blobNotFound, rangeInvalid } from '../errors.ts';

const MAX_ERROR_BYTES = 8192;
/** Answers that stay the same until the configuration is mended. */
const REFUSALS = new Set([
  'AccessDenied',
  'AuthorizationHeaderMalformed',
  'InvalidAccessKeyId',
  'InvalidBucketName',
  'NoSuchBucket',
  'SignatureDoesNotMatch',
]);

/** The named error of a response that is not a success. Consumes the response. */
export async function responseError(id: string, response: Dispatcher.ResponseData): Promise<BlobError> {
  const code = /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(await textOf(response))?.[1];
  const status = response.statusCode;
  if (status === 404 && code !== 'NoSuchBucket') return blobNotFound(id);
  if (status === 412) return blobExists(id);
  if (status === 416) return rangeInvalid(id);
  return storeError(status, code);
}

/** The named error of an answer that tells about the store rather than about one blob. */
export function storeError(status: number | undefined, code: string | undefined, cause?: unknown): BlobError {
  if (status === 507 || code === 'XMinioStorageFull') {
    return new BlobError('BlobStoreFull', 'The blob store is full.', { cause });
  }
  const what = [status, code].filter((part) => part !== undefined).join(' ') || 'no answer';
  const refused = code !== undefined && REFUSALS.has(code);
  const retryable = !refused && (status === undefined || status >= 500 || status === 409 || status === 429);
  return new BlobError('BlobStoreUnavailable', `The blob store does not serve the request (${what}).`, {
    cause,
    retryable,
  });
}

async function textOf(response: Dispatcher.ResponseData): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_ERROR_BYTES) break;
    }
  } catch {
    // The status alone then says what happened.
  }
  return Buffer.concat(chunks).toString('utf8');
}
