import type { Checksum } from '@coffer/contracts';
import { createHash } from 'node:crypto';
import { combineCrc, CRC_KINDS, crcFromBytes, crcOf, crcToBytes } from './crc-combine.ts';

const HASHES: ReadonlyMap<string, string> = new Map([
  ['SHA1', 'sha1'],
  ['SHA256', 'sha256'],
  ['SHA512', 'sha512'],
  ['MD5', 'md5'],
]);

export interface PartChecksum {
  size: number;
  algorithm: string | null;
  /** base64 */
  value: string | null;
}

function digest(algorithm: string, bytes: Uint8Array): Buffer | undefined {
  const kind = CRC_KINDS.get(algorithm);
  if (kind) return crcToBytes(kind, crcOf(kind, bytes));
  const hash = HASHES.get(algorithm);
  return hash === undefined ? undefined : createHash(hash).update(bytes).digest();
}

function composite(algorithm: string, parts: readonly PartChecksum[]): Checksum | undefined {
  const raw = Buffer.concat(parts.map((part) => Buffer.from(part.value ?? '', 'base64')));
  const value = digest(algorithm, raw)?.toString('base64');
  return value === undefined ? undefined : { algorithm, value: `${value}-${parts.length}`, type: 'COMPOSITE' };
}

function fullObject(algorithm: string, parts: readonly PartChecksum[]): Checksum | undefined {
  const kind = CRC_KINDS.get(algorithm);
  if (!kind) return undefined;
  const crc = parts
    .map((part) => ({ crc: crcFromBytes(Buffer.from(part.value ?? '', 'base64')), size: part.size }))
    .reduce((all, part) => ({ crc: combineCrc(kind, all.crc, part.crc, part.size), size: all.size + part.size }));
  return { algorithm, value: crcToBytes(kind, crc.crc).toString('base64'), type: 'FULL_OBJECT' };
}

/**
 * The checksum of an object from those of its parts, or undefined when it has none.
 *
 * With an algorithm declared at the beginning every part must have that checksum (undefined here means one had not).
 * Without one, parts that all carry the same kind of CRC make a full-object checksum of it: as good as the CRC64NVME that
 * AWS computes there, without reading the bytes again.
 */
export function objectChecksum(
  declared: { algorithm: string; type: Checksum['type'] } | undefined,
  parts: readonly PartChecksum[],
): Checksum | undefined {
  const algorithm = declared?.algorithm ?? parts[0]?.algorithm;
  if (!algorithm || parts.some((part) => part.algorithm !== algorithm || part.value === null)) return undefined;
  if (declared?.type === 'COMPOSITE') return composite(algorithm, parts);
  return fullObject(algorithm, parts);
}
