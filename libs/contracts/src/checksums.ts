import { s3Error } from './s3-errors.ts';

/** `COMPOSITE` is the checksum of the checksums of the parts, `FULL_OBJECT` that of all bytes. */
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT';

/**
 * AWS's names of checksum algorithms (header `x-amz-checksum-<lower case>`, member `Checksum<name>`), each with the types
 * that the checksum of a multipart upload may have; the first is the default. Hashes cannot be combined, so theirs are
 * composite; CRC64NVME is always of the full object. Those with none serve objects that are written at once only.
 */
const MULTIPART_TYPES = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
  SHA512: ['COMPOSITE'],
  MD5: ['COMPOSITE'],
  XXHASH64: [],
  XXHASH3: [],
  XXHASH128: [],
} as const satisfies Record<string, readonly ChecksumType[]>;

export type ChecksumAlgorithm = keyof typeof MULTIPART_TYPES;

export const checksumAlgorithms = Object.keys(MULTIPART_TYPES) as readonly ChecksumAlgorithm[];

export function isChecksumAlgorithm(name: unknown): name is ChecksumAlgorithm {
  return (checksumAlgorithms as readonly unknown[]).includes(name);
}

/** 400 InvalidRequest that names the algorithms which would do, in AWS's words. */
export function unsupportedChecksum(valid: readonly ChecksumAlgorithm[]): Error {
  const message = `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${valid.join(', ')}]`;
  return s3Error('InvalidRequest', {}, { message });
}

/**
 * What CreateMultipartUpload asks for, with the algorithm's default type when it names none.
 * @throws 400 InvalidRequest for an algorithm that no upload can have, and for a type that the algorithm cannot have
 */
export function multipartChecksum(
  algorithm: unknown,
  type?: unknown,
): { algorithm: ChecksumAlgorithm; type: ChecksumType } {
  const types: readonly ChecksumType[] = isChecksumAlgorithm(algorithm) ? MULTIPART_TYPES[algorithm] : [];
  if (!isChecksumAlgorithm(algorithm) || types.length === 0) {
    throw unsupportedChecksum(checksumAlgorithms.filter((name) => MULTIPART_TYPES[name].length > 0));
  }
  const chosen = types.find((each) => type === undefined || each === type);
  if (chosen === undefined) {
    const message = `The ${String(type).slice(0, 32)} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`;
    throw s3Error('InvalidRequest', {}, { message });
  }
  return { algorithm, type: chosen };
}
