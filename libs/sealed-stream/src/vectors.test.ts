import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { open, unwrapKey, wrappingKeyId } from './index.ts';
import { sealBySpecification } from './testkit/second-implementation.ts';
import { makeVectors, sha256, vectorPlain } from './testkit/vectors.ts';

const file = fileURLToPath(new URL('../../../docs/formats/sealed-stream-vectors.json', import.meta.url));
const script = fileURLToPath(new URL('./testkit/verify_vectors.py', import.meta.url));
const published = JSON.parse(readFileSync(file, 'utf8')) as ReturnType<typeof makeVectors>;
const hex = (text: string) => Buffer.from(text, 'hex');

describe('published vectors', () => {
  it('are what this implementation makes', () => {
    expect(makeVectors()).toEqual(published);
  });

  it.each(published.sealed)('sealed: $name, by a second implementation', (vector) => {
    const { identity, dataKey, noncePrefix, salt } = vector;
    const inputs = { dataKey: hex(dataKey), ...identity, noncePrefix: hex(noncePrefix), salt: hex(salt) };
    const plain = vectorPlain(vector.plainSize);
    const sealed = sealBySpecification(inputs, plain);
    expect(sha256(plain)).toBe(vector.plainSha256);
    expect(sha256(sealed)).toBe(vector.sealedSha256);
    expect(open(hex(dataKey), identity, sealed).equals(plain)).toBe(true);
  });

  it.each(published.wrapped)('wrapped: $name', (vector) => {
    expect(wrappingKeyId(hex(vector.wrapped))).toBe(vector.wrappingKeyId);
    expect(unwrapKey(hex(vector.wrappingKey), hex(vector.wrapped), vector.context).toString('hex')).toBe(vector.secret);
  });

  const python = spawnSync('python3', ['-c', 'import cryptography']).status === 0;
  // A machine of one's own may lack it; the build that decides may not.
  if (!python && process.env['CI'] === 'true') throw new Error('python3 or its package cryptography is missing');
  if (!python) console.warn('skipped: python3 or its package cryptography is absent');
  it.skipIf(!python)('hold in Python (skipped where python3 or its cryptography package is absent)', () => {
    const run = spawnSync('python3', [script, file], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(Number(run.stdout)).toBe(published.sealed.length + published.wrapped.length);
  });
});
