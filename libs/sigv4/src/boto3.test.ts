import { describe, expect, it } from 'vitest';
import type { VectorCase } from './testkit/vectors.ts';
import { authenticate, refusal } from './testkit/authenticate.ts';
import { readVectors } from './testkit/vectors.ts';

const file = readVectors('boto3.json');
const optionsOf = ({ now = 0, virtualHostBucket }: VectorCase) => ({
  now: new Date(now * 1000),
  regions: ['us-east-1', 'eu-central-1'],
  services: ['s3'],
  ...(virtualHostBucket === undefined ? {} : { virtualHostBucket }),
});

describe('requests that boto3 signed', () => {
  it('cover both versions, in the query and in headers', () => {
    const kinds = file.cases.map((one) => authenticate(one, file.secretAccessKey, optionsOf(one)).kind);
    expect(new Set(kinds)).toEqual(new Set(['v2-query', 'v4-query', 'v2-header', 'v4-header']));
  });

  it.each(file.cases)('$name', (vector) => {
    const options = optionsOf(vector);
    const parsed = authenticate(vector, file.secretAccessKey, options);
    expect(parsed).toMatchObject({ accessKeyId: file.accessKeyId });
    if (vector.name.includes('token')) expect(parsed).toMatchObject({ sessionToken: 'FwoGZXIvYXdzEBYaD/+tok==' });

    for (const changed of [
      { ...vector, method: vector.method === 'GET' ? 'PUT' : 'GET' },
      { ...vector, target: vector.target.replace('/', '/x') },
      { ...vector, target: `${vector.target}${vector.target.includes('?') ? '&' : '?'}retention` },
    ]) {
      expect(refusal(() => authenticate(changed, file.secretAccessKey, options)).code).toBe('SignatureDoesNotMatch');
    }
  });

  it('headers that a SigV2 URL carries in its query are handed on', () => {
    const vector = file.cases.find(({ name }) => name === 'v2 PUT with headers');
    if (!vector) throw new Error('no such case');
    const parsed = authenticate(vector, file.secretAccessKey, optionsOf(vector));
    expect(parsed.kind === 'v2-query' && [...parsed.queryHeaders].toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ['x-amz-meta-colour', 'blue'],
      ['x-amz-server-side-encryption', 'AES256'],
    ]);
  });
});
