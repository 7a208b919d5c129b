import { createHash } from 'node:crypto';
import { headerOf, newBlobKey } from '../header.ts';
import { sealUnder } from '../whole.ts';
import { wrapKeyWith } from '../wrapped-key.ts';
import { WrappingKey } from '../wrapping-key.ts';

/** One published sealed body. Binary values are lower-case hex. */
export interface SealedVector {
  name: string;
  dataKey: string;
  identity: { bucketId: string; key: string; versionId: string; blobId: string };
  noncePrefix: string;
  salt: string;
  plainSize: number;
  plainSha256: string;
  header: string;
  sealedSize: number;
  sealedSha256: string;
  /** The whole sealed body, for the short ones. */
  sealed?: string;
}

/** One published wrapped key. */
export interface WrappedVector {
  name: string;
  wrappingKey: string;
  wrappingKeyId: string;
  salt: string;
  context: Record<string, string>;
  secret: string;
  wrapped: string;
}

const LONGEST_IN_FULL = 300;

/** The content of every sealed vector: byte i is (31 i + floor(i / 256) + 7) mod 256. */
export function vectorPlain(size: number): Buffer {
  const plain = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) plain[at] = (31 * at + Math.floor(at / 256) + 7) & 255;
  return plain;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function bytesFrom(seed: string, size: number): Buffer {
  return createHash('sha512').update(seed).digest().subarray(0, size);
}

function sealedVector(name: string, plainSize: number, key: string): SealedVector {
  const dataKey = bytesFrom(`${name}: data key`, 32);
  const random = bytesFrom(`${name}: random`, 23);
  const identity = { bucketId: 'b-0192f3', key, versionId: 'v-7d1e', blobId: '2026112318-0123456789abcdefghijklmnop' };
  const plain = vectorPlain(plainSize);
  const sealed = sealUnder(
    newBlobKey(dataKey, identity, () => random),
    plain,
  );
  return {
    name,
    dataKey: dataKey.toString('hex'),
    identity,
    noncePrefix: random.toString('hex', 0, 7),
    salt: random.toString('hex', 7),
    plainSize,
    plainSha256: sha256(plain),
    header: headerOf(sealed).toString('hex'),
    sealedSize: sealed.length,
    sealedSha256: sha256(sealed),
    ...(sealed.length <= LONGEST_IN_FULL ? { sealed: sealed.toString('hex') } : {}),
  };
}

/** @param wrap makes the wrapped key from the wrapping key, the salt and the secret. */
function vectorOf(
  name: string,
  { wrappingKeyId, context, secret }: Pick<WrappedVector, 'wrappingKeyId' | 'context' | 'secret'>,
  wrap: (kek: Buffer, salt: Buffer, secret: Buffer) => Buffer,
): WrappedVector {
  const kek = bytesFrom(`${name}: wrapping key`, 32);
  const salt = bytesFrom(`${name}: salt`, 32);
  return {
    name,
    wrappingKey: kek.toString('hex'),
    wrappingKeyId,
    salt: salt.toString('hex'),
    context,
    secret,
    wrapped: wrap(kek, salt, Buffer.from(secret, 'hex')).toString('hex'),
  };
}

function wrappedVector(
  name: string,
  wrappingKeyId: string,
  secret: string,
  context: Record<string, string>,
): WrappedVector {
  return vectorOf(name, { wrappingKeyId, context, secret }, (kek, salt, plain) =>
    wrapKeyWith(() => salt, kek, wrappingKeyId, plain, context),
  );
}

/** Version 2: the wrapping after `before` others under the same salt. */
function seriesVector(name: string, wrappingKeyId: string, before: number): WrappedVector {
  const secret = bytesFrom(`${name}: secret`, 32).toString('hex');
  const context = { 'coffer:bucket-id': 'b-0192f3', 'coffer:key': 'photos/naïve.jpg', 'coffer:version': 'v-7d1e' };
  return vectorOf(name, { wrappingKeyId, context, secret }, (kek, salt, plain) => {
    const key = new WrappingKey(kek, wrappingKeyId, () => salt);
    for (let count = 0; count < before; count += 1) key.wrap(plain, {});
    return key.wrap(plain, context);
  });
}

/** All vectors as the published file holds them. */
export function makeVectors(): { plain: string; sealed: SealedVector[]; wrapped: WrappedVector[] } {
  return {
    plain: 'byte i of the content is (31 * i + floor(i / 256) + 7) mod 256',
    sealed: [
      sealedVector('empty', 0, 'empty.txt'),
      sealedVector('one byte', 1, 'a'),
      sealedVector('short, key beyond ASCII', 100, 'photos/naïve – 東京 🌸.jpg'),
      sealedVector('one byte less than a segment', 65_535, 'k'),
      sealedVector('exactly one segment', 65_536, 'k'),
      sealedVector('one byte more than a segment', 65_537, 'k'),
      sealedVector('exactly two segments', 131_072, 'k'),
      sealedVector('three segments and a half', 229_376, 'k'),
      sealedVector('key of 1024 bytes', 10, 'x'.repeat(1024)),
    ],
    wrapped: [
      wrappedVector('data key', 'key-1', '00112233445566778899aabbccddeeff'.repeat(2), {
        bucketId: 'b-0192f3',
        versionId: 'v-7d1e',
      }),
      wrappedVector('no context, one byte', 'k', 'ff', {}),
      wrappedVector('names sorted by bytes', 'schlüssel/2', 'c0ffee', { é: '1', b: '2', B: '3', '': '4', a: '' }),
      seriesVector('version 2, first under its salt', 'key-2', 0),
      seriesVector('version 2, 259th under its salt', 'schlüssel/2', 258),
    ],
  };
}
