import { s3Error, type Checksum, type Fault, type objectStorage, type RequestOf } from '@coffer/contracts';
import { createHash } from 'node:crypto';
import { objectChecksum } from './object-checksum.ts';

/** Every part but the last has at least this many bytes. */
export const MIN_PART_SIZE = 5 * 1024 * 1024;
const MAX_OBJECT_SIZE = 50 * 1024 ** 4;

export interface StoredPart {
  part_number: number;
  size: number;
  etag: string;
  checksum_algorithm: string | null;
  checksum_value: string | null;
}

type CompleteRequest = RequestOf<typeof objectStorage.completeUpload>;
type ListedPart = CompleteRequest['parts'][number];

export interface CheckedObject {
  parts: StoredPart[];
  size: number;
  etag: string;
  checksum: Checksum | undefined;
}

function invalid(message: string): Fault {
  return s3Error('InvalidRequest', {}, { message });
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}

function invalidPart(message: CompleteRequest, part: ListedPart): Fault {
  return s3Error('InvalidPart', {
    UploadId: message.uploadId,
    PartNumber: String(part.partNumber),
    ETag: unquoted(part.etag ?? ''),
  });
}

/**
 * The object that the listed parts make, by AWS's rules (fact sheet 1.6).
 * @throws Fault InvalidRequest, InvalidPartOrder, InvalidPart, EntityTooSmall, BadDigest, EntityTooLarge
 */
export function checkParts(
  message: CompleteRequest,
  declared: { algorithm: string; type: Checksum['type'] } | undefined,
  stored: ReadonlyMap<number, StoredPart>,
): CheckedObject {
  if (message.parts.length === 0) throw invalid('You must specify at least one part');
  if (message.parts.some((part, index) => part.partNumber <= (message.parts[index - 1]?.partNumber ?? 0))) {
    throw s3Error('InvalidPartOrder', { UploadId: message.uploadId });
  }
  const parts = message.parts.map((part) => {
    const found = stored.get(part.partNumber);
    if (!found || (part.etag !== undefined && unquoted(part.etag) !== found.etag)) throw invalidPart(message, part);
    checkPartChecksum(message, part, found, declared);
    return found;
  });
  const small = parts.slice(0, -1).find((part) => part.size < MIN_PART_SIZE);
  if (small) {
    throw s3Error('EntityTooSmall', {
      ProposedSize: String(small.size),
      MinSizeAllowed: String(MIN_PART_SIZE),
      PartNumber: String(small.part_number),
      ETag: small.etag,
    });
  }
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (size > MAX_OBJECT_SIZE) throw s3Error('EntityTooLarge');
  if (message.objectSize !== undefined && message.objectSize !== size) {
    throw invalid(
      `The provided 'x-amz-mp-object-size' header value ${message.objectSize} does not match what was computed: ${size}`,
    );
  }
  const checksum = objectChecksum(
    declared,
    parts.map((part) => ({ size: part.size, algorithm: part.checksum_algorithm, value: part.checksum_value })),
  );
  if (declared && !checksum) throw s3Error('InvalidPart');
  checkObjectChecksum(message, checksum);
  return { parts, size, etag: etagOf(parts), checksum };
}

function checkPartChecksum(
  message: CompleteRequest,
  part: ListedPart,
  found: StoredPart,
  declared: { algorithm: string; type: Checksum['type'] } | undefined,
): void {
  const given = part.checksum;
  if (!given) {
    if (declared?.type !== 'COMPOSITE') return;
    const name = declared.algorithm.toLowerCase();
    throw invalid(
      `The upload was created using a ${name} checksum. The complete request must include the checksum for each part. It was missing for part ${part.partNumber} in the request.`,
    );
  }
  if (given.algorithm !== found.checksum_algorithm || given.value !== found.checksum_value)
    throw invalidPart(message, part);
}

function checkObjectChecksum(message: CompleteRequest, computed: Checksum | undefined): void {
  if (message.checksumType !== undefined && message.checksumType !== computed?.type) {
    throw invalid(
      `The upload was created using the ${computed?.type ?? 'null'} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  const given = message.checksum;
  if (!given) return;
  const name = given.algorithm.toLowerCase();
  if (!computed || computed.algorithm !== given.algorithm) {
    throw invalid(
      `Checksum Type mismatch occurred, expected checksum Type: ${computed?.algorithm.toLowerCase() ?? 'null'}, actual checksum Type: ${name}`,
    );
  }
  if (given.value !== computed.value && given.value !== computed.value.replace(/-\d+$/, '')) {
    throw s3Error('BadDigest', {}, { message: `The ${name} you specified did not match the calculated checksum.` });
  }
}

/** MD5 of the parts' MD5s, with their number. */
function etagOf(parts: readonly StoredPart[]): string {
  const md5 = createHash('md5');
  for (const part of parts) md5.update(Buffer.from(part.etag, 'hex'));
  return `${md5.digest('hex')}-${parts.length}`;
}
