import { describe, expect, it } from 'vitest';
import { canonicalUris } from './canonical-request.ts';
import { sha256Hex } from './signing-key.ts';
import { authenticate, refusal } from './testkit/authenticate.ts';
import { readVectors, type VectorFile } from './testkit/vectors.ts';

const suite = readVectors<VectorFile & { unnormalised: VectorFile['cases'] }>('sigv4-suite.json');
const options = (body = '') => ({
  now: new Date('2015-08-30T12:36:00Z'),
  regions: ['us-east-1'],
  services: ['service'],
  bodySha256: sha256Hex(body),
});

describe("AWS's published Signature Version 4 test suite", () => {
  it.each(suite.cases)('$name', (vector) => {
    const parsed = authenticate(vector, suite.secretAccessKey, options(vector.body));
    expect(parsed).toMatchObject({ accessKeyId: 'AKIDEXAMPLE', payload: { kind: 'hash' } });
  });

  it.each(suite.cases)('$name, another body', (vector) => {
    const changed = refusal(() => authenticate(vector, suite.secretAccessKey, options(`${vector.body}x`)));
    expect(changed.code).toBe('SignatureDoesNotMatch');
  });

  it.each(suite.cases)('$name, another secret', (vector) => {
    const changed = refusal(() => authenticate(vector, `${suite.secretAccessKey}x`, options(vector.body)));
    expect(changed.code).toBe('SignatureDoesNotMatch');
  });

  // The suite's variants for signers that do not normalise: only S3 is such a service.
  it.each(suite.unnormalised)('$name is refused where paths are normalised, and S3 keeps the path', (vector) => {
    expect(refusal(() => authenticate(vector, suite.secretAccessKey, options())).code).toBe('SignatureDoesNotMatch');
    expect(canonicalUris(vector.target, 's3')).toEqual([vector.target]);
  });
});
