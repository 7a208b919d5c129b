import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ChecksumAlgorithm } from '@coffer/contracts';
import { createCRC32, createCRC64, createXXHash128, createXXHash3, createXXHash64, type IHasher } from 'hash-wasm';

/** Length of the raw value in bytes. */
export const checksumLength: Record<ChecksumAlgorithm, number> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
  MD5: 16,
  XXHASH64: 8,
  XXHASH3: 8,
  XXHASH128: 16,
};

/** Counts bytes into a checksum; `digest` gives the raw value, big-endian as S3 shows it, once. */
export interface Digester {
  update(chunk: Uint8Array): void;
  digest(): Buffer;
}

/** Reversed polynomial of CRC-32C (Castagnoli), RFC 3720. */
const CRC32C_POLYNOMIAL = 0x82f63b78;
/** Reversed polynomial of CRC-64/NVME, NVM Express NVM command set specification. */
const CRC64NVME_POLYNOMIAL = '9a6c9329ac4bc9b5';

function native(name: string): Digester {
  const hash: Hash = createHash(name);
  return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest() };
}

function nativeCrc32(): Digester {
  let value = 0;
  return {
    update: (chunk) => {
      value = crc32(chunk, value);
    },
    digest: () => {
      const out = Buffer.alloc(4);
      out.writeUInt32BE(value);
      return out;
    },
  };
}

/** Instances of WebAssembly cost a tenth of a millisecond to make, so those that came to their digest serve again. */
const MAX_IDLE = 64;
const idle = new Map<ChecksumAlgorithm, IHasher[]>();

async function wasm(algorithm: ChecksumAlgorithm, make: () => Promise<IHasher>): Promise<Digester> {
  const pool = idle.get(algorithm) ?? [];
  idle.set(algorithm, pool);
  const hash = (pool.pop() ?? (await make())).init();
  return {
    update: (chunk) => void hash.update(chunk),
    digest: () => {
      const value = Buffer.from(hash.digest('binary'));
      if (pool.length < MAX_IDLE) pool.push(hash);
      return value;
    },
  };
}

/** A fresh counter. Those in WebAssembly need a moment the first time they are used. */
export async function newDigester(algorithm: ChecksumAlgorithm): Promise<Digester> {
  switch (algorithm) {
    case 'CRC32':
      return nativeCrc32();
    case 'CRC32C':
      return wasm(algorithm, () => createCRC32(CRC32C_POLYNOMIAL));
    case 'CRC64NVME':
      return wasm(algorithm, () => createCRC64(CRC64NVME_POLYNOMIAL));
    case 'SHA1':
      return native('sha1');
    case 'SHA256':
      return native('sha256');
    case 'SHA512':
      return native('sha512');
    case 'MD5':
      return native('md5');
    case 'XXHASH64':
      return wasm(algorithm, () => createXXHash64());
    case 'XXHASH3':
      return wasm(algorithm, () => createXXHash3());
    case 'XXHASH128':
      return wasm(algorithm, () => createXXHash128());
  }
}

export const checksumHeader = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;
export const checksumMember = (algorithm: string): string => `Checksum${algorithm}`;
