import { createHash } from 'node:crypto';
import { checksumAlgorithms } from '@coffer/contracts';
import { describe, expect, it } from 'vitest';
import { checksumHeader, checksumLength } from './algorithms.ts';
import { declaredChecksum, declaredMd5 } from './declared.ts';

const refused = (code: string, message?: string) =>
  expect.objectContaining({ code, status: 400, ...(message !== undefined && { message }) });
const CRC32 = 'NSRBwg==';

describe('declaredChecksum', () => {
  it('is nothing when nothing is announced', () => {
    expect(declaredChecksum({})).toBeUndefined();
    expect(declaredChecksum({ 'x-amz-trailer': 'x-amz-meta-thing' })).toBeUndefined();
    expect(declaredChecksum({ 'x-amz-sdk-checksum-algorithm': '' })).toBeUndefined();
  });

  it.each([...checksumAlgorithms])('reads a value of %s, and the same in a trailer', (algorithm) => {
    const value = Buffer.alloc(checksumLength[algorithm], 7).toString('base64');
    expect(declaredChecksum({ [checksumHeader(algorithm)]: value })).toEqual({ algorithm, value });
    expect(declaredChecksum({ 'x-amz-trailer': ` ${checksumHeader(algorithm).toUpperCase()} ` })).toEqual({
      algorithm,
      value: undefined,
    });
  });

  it.each([
    ['too short', Buffer.alloc(3).toString('base64')],
    ['too long', Buffer.alloc(5).toString('base64')],
    ['without padding', 'NSRBwg'],
    ['of another spelling', 'NSRBwh=='],
    ['with junk', 'NSRB!wg=='],
    ['empty', ''],
  ])('refuses a value that is %s', (_, value) => {
    expect(() => declaredChecksum({ 'x-amz-checksum-crc32': value })).toThrow(
      refused('InvalidRequest', 'Value for x-amz-checksum-crc32 header is invalid.'),
    );
  });

  it('refuses more than one, in headers or in header and trailer', () => {
    const two = refused(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
    expect(() => declaredChecksum({ 'x-amz-checksum-crc32': CRC32, 'x-amz-checksum-crc32c': CRC32 })).toThrow(two);
    expect(() => declaredChecksum({ 'x-amz-checksum-crc32': CRC32, 'x-amz-trailer': 'x-amz-checksum-sha1' })).toThrow(
      two,
    );
    expect(() => declaredChecksum({ 'x-amz-checksum-crc32': CRC32, 'x-amz-trailer': 'x-amz-checksum-crc32' })).toThrow(
      two,
    );
  });

  it('the named algorithm must be known, be there, and be the one', () => {
    const named =
      (name: string, more = {}) =>
      () =>
        declaredChecksum({ 'x-amz-sdk-checksum-algorithm': name, ...more });
    const value = { 'x-amz-checksum-crc32': CRC32 };
    expect(named('crc32', value)()).toEqual({ algorithm: 'CRC32', value: CRC32 });
    expect(named('CRC32', { 'x-amz-trailer': 'x-amz-checksum-crc32' })()).toEqual({
      algorithm: 'CRC32',
      value: undefined,
    });
    expect(named('MD4', value)).toThrow(
      refused('InvalidRequest', 'Value for x-amz-sdk-checksum-algorithm header is invalid.'),
    );
    expect(named('SHA1', value)).toThrow(
      refused('InvalidRequest', 'Value for x-amz-sdk-checksum-algorithm header is invalid.'),
    );
    expect(named('CRC32')).toThrow(
      refused('InvalidRequest', expect.stringMatching(/no corresponding/) as unknown as string),
    );
  });
});

describe('declaredMd5', () => {
  it('reads sixteen bytes', () => {
    const md5 = createHash('md5').update('x').digest();
    expect(declaredMd5({ 'content-md5': md5.toString('base64') })).toEqual(md5);
    expect(declaredMd5({})).toBeUndefined();
  });

  it.each(['', 'x', 'AAAA', createHash('md5').update('x').digest('hex'), 'AAAAAAAAAAAAAAAAAAAAAB==', 'A'.repeat(22)])(
    'refuses "%s"',
    (value) => {
      expect(() => declaredMd5({ 'content-md5': value })).toThrow(refused('InvalidDigest'));
    },
  );
});
