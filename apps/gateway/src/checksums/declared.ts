import type { IncomingHttpHeaders } from 'node:http';
import { checksumAlgorithms, isChecksumAlgorithm, s3Error, type ChecksumAlgorithm } from '@coffer/contracts';
import { checksumHeader, checksumLength } from './algorithms.ts';

/** A checksum that the client announces: its value comes in a header, or after the body in a trailer. */
export interface DeclaredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** base64; undefined when it comes in the trailer. */
  readonly value: string | undefined;
}

/**
 * Reads `x-amz-checksum-*`, `x-amz-trailer` and `x-amz-sdk-checksum-algorithm`.
 * Rules and words: what S3 answers to more than one value, to a malformed one, and to a named algorithm without value.
 */
export function declaredChecksum(headers: IncomingHttpHeaders): DeclaredChecksum | undefined {
  const inHeaders = checksumAlgorithms.filter((algorithm) => headers[checksumHeader(algorithm)] !== undefined);
  const trailerName = String(headers['x-amz-trailer'] ?? '')
    .trim()
    .toLowerCase();
  const inTrailer = checksumAlgorithms.find((algorithm) => checksumHeader(algorithm) === trailerName);
  if (inHeaders.length + (inTrailer ? 1 : 0) > 1) {
    throw s3Error(
      'InvalidRequest',
      {},
      {
        message: 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
      },
    );
  }
  const named = headers['x-amz-sdk-checksum-algorithm'];
  const algorithm = inHeaders[0] ?? inTrailer;
  if (typeof named === 'string' && named !== '') {
    if (!isChecksumAlgorithm(named.toUpperCase())) {
      throw s3Error(
        'InvalidRequest',
        {},
        {
          message: 'Value for x-amz-sdk-checksum-algorithm header is invalid.',
        },
      );
    }
    if (algorithm === undefined) {
      throw s3Error(
        'InvalidRequest',
        {},
        {
          message:
            'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
        },
      );
    }
    if (algorithm !== named.toUpperCase()) {
      throw s3Error('InvalidRequest', {}, { message: 'Value for x-amz-sdk-checksum-algorithm header is invalid.' });
    }
  }
  if (algorithm === undefined) return undefined;
  if (inTrailer) return { algorithm, value: undefined };
  return { algorithm, value: validValue(algorithm, String(headers[checksumHeader(algorithm)])) };
}

/** base64 of exactly the algorithm's length, in its one canonical spelling. */
export function validValue(algorithm: ChecksumAlgorithm, value: string): string {
  const raw = Buffer.from(value, 'base64');
  if (raw.length !== checksumLength[algorithm] || raw.toString('base64') !== value) {
    throw s3Error('InvalidRequest', {}, { message: `Value for ${checksumHeader(algorithm)} header is invalid.` });
  }
  return value;
}

/** The body's MD5 as the client announced it, or undefined; malformed is 400 InvalidDigest. */
export function declaredMd5(headers: IncomingHttpHeaders): Buffer | undefined {
  const header = headers['content-md5'];
  if (header === undefined) return undefined;
  const value = String(header);
  const raw = Buffer.from(value, 'base64');
  if (raw.length !== 16 || raw.toString('base64') !== value) throw s3Error('InvalidDigest', { 'Content-MD5': value });
  return raw;
}
