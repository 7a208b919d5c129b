import { describe, expect, it } from 'vitest';
import * as sigv4 from './index.ts';
import { seen } from './testkit/authenticate.ts';

// Refusals that the caller decides upon, in AWS's words.
describe('errors for the caller to raise', () => {
  it.each([
    [
      sigv4.invalidAccessKeyId('AKIA'),
      'InvalidAccessKeyId',
      403,
      'The AWS Access Key Id you provided does not exist in our records.',
      { AWSAccessKeyId: 'AKIA' },
    ],
    [sigv4.invalidToken(), 'InvalidToken', 400, 'The provided token is malformed or otherwise invalid.', {}],
    [sigv4.expiredToken(), 'ExpiredToken', 400, 'The provided token has expired.', {}],
    [
      sigv4.contentSha256Mismatch('aa', 'bb'),
      'XAmzContentSHA256Mismatch',
      400,
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      { ClientComputedContentSHA256: 'aa', S3ComputedContentSHA256: 'bb' },
    ],
    [sigv4.missingContentLength(), 'MissingContentLength', 411, 'You must provide the Content-Length HTTP header.', {}],
    [
      sigv4.incompleteBody(),
      'IncompleteBody',
      400,
      'You did not provide the number of bytes specified by the Content-Length HTTP header',
      {},
    ],
  ])('%s', (error, code, status, message, extras) => {
    expect(seen(error)).toEqual({ code, status, message, extras });
  });
});
