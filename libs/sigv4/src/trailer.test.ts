import { describe, expect, it } from 'vitest';
import { checkStreamingOperation } from './payload-hash.ts';
import { refusal, seen } from './testkit/authenticate.ts';
import { checkStreamingHeaders } from './trailer.ts';

const plain = { kind: 'streaming', signed: true, trailer: false } as const;
const trailing = { kind: 'streaming', signed: false, trailer: true } as const;
const LENGTH = 'x-amz-decoded-content-length';

describe('headers of an aws-chunked body', () => {
  it('are read', () => {
    expect(checkStreamingHeaders({ [LENGTH]: '42' }, plain)).toEqual({ decodedLength: 42, trailerNames: [] });
    const headers = { [LENGTH]: '0', 'x-amz-trailer': 'X-Amz-Checksum-CRC64NVME' };
    expect(checkStreamingHeaders(headers, trailing)).toEqual({
      decodedLength: 0,
      trailerNames: ['x-amz-checksum-crc64nvme'],
    });
  });

  it('without a decoded length: MissingContentLength', () => {
    expect(seen(refusal(() => checkStreamingHeaders({}, plain)))).toEqual({
      code: 'MissingContentLength',
      status: 411,
      message: 'You must provide the Content-Length HTTP header.',
      extras: {},
    });
  });

  it.each(['-1', '1e3', '1.5', '9'.repeat(16), '1,1'])('a decoded length of %s: InvalidArgument', (length) => {
    expect(refusal(() => checkStreamingHeaders({ [LENGTH]: length }, plain))).toMatchObject({
      code: 'InvalidArgument',
      status: 400,
      extras: { ArgumentName: LENGTH, ArgumentValue: length },
    });
  });

  it.each([
    ['not a checksum', 'x-amz-meta-a', trailing],
    ['an unknown checksum', 'x-amz-checksum-crc16', trailing],
    ['one of two unknown', 'x-amz-checksum-crc32, x', trailing],
    ['one twice', 'x-amz-checksum-crc32,x-amz-checksum-crc32', trailing],
    ['where the payload has none', 'x-amz-checksum-crc32', plain],
  ])('a trailer that is %s: InvalidRequest', (_, name, payload) => {
    const headers = { [LENGTH]: '1', 'x-amz-trailer': name };
    expect(seen(refusal(() => checkStreamingHeaders(headers, payload)))).toEqual({
      code: 'InvalidRequest',
      status: 400,
      message: 'The value specified in the x-amz-trailer header is not supported',
      extras: {},
    });
  });

  it('no trailer where the payload has one: MalformedTrailerError', () => {
    expect(refusal(() => checkStreamingHeaders({ [LENGTH]: '1' }, trailing))).toMatchObject({
      code: 'MalformedTrailerError',
      status: 400,
    });
  });
});

describe('operations with an aws-chunked body', () => {
  it('are PutObject and UploadPart alone', () => {
    for (const operation of ['PutObject', 'UploadPart'])
      expect(checkStreamingOperation(plain, operation)).toBeUndefined();
    for (const operation of ['PutBucketPolicy', 'GetObject', 'constructor']) {
      expect(refusal(() => checkStreamingOperation(plain, operation))).toMatchObject({
        code: 'InvalidRequest',
        status: 400,
      });
      expect(checkStreamingOperation({ kind: 'unsigned' }, operation)).toBeUndefined();
    }
  });
});
