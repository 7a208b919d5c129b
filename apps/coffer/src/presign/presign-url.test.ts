import { deriveSigningKey, parseAuth, verifyV4, type SigV4Auth } from '@coffer/sigv4';
import { describe, expect, it } from 'vitest';
import { METHODS, parseS3Uri, presignUrl } from './presign-url.ts';

const signer = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const base = { ...signer, endpoint: 'http://127.0.0.1:9010', bucket: 'b', region: 'us-east-1', expires: 60 };

describe('presigned URL', () => {
  it.each(METHODS)('of %s carries a signature that the server takes', (method) => {
    const key = "folder/ü (1)'s +&?#%.txt";
    const url = new URL(presignUrl({ ...base, method, key, versionId: 'v/1', sessionToken: 't+/=' }));
    expect(decodeURIComponent(url.pathname)).toBe(`/b/${key}`);
    expect(url.searchParams.get('versionId')).toBe('v/1');
    const request = { method, target: `${url.pathname}${url.search}`, headers: { host: url.host } };
    const now = new Date();
    const auth = parseAuth(request, { now, regions: ['us-east-1'], services: ['s3'] }) as SigV4Auth;
    const key4 = deriveSigningKey(
      signer.secretAccessKey,
      now.toISOString().slice(0, 10).replaceAll('-', ''),
      'us-east-1',
      's3',
    );
    expect(() => verifyV4(request, auth, key4)).not.toThrow();
  });

  it('is what the SDKs make of the same request', () => {
    // Made by boto3 1.43 (signature_version s3v4, path style) with the clock at this moment.
    const url = presignUrl({ ...base, method: 'GET', key: 'a/b c.txt', now: new Date('2026-01-02T03:04:05Z') });
    expect(url).toBe(
      'http://127.0.0.1:9010/b/a/b%20c.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260102%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=154eba930709a4ecdb60959a89187090208114485ccb10e03e8051cc25a5ad18',
    );
  });

  it('names a bucket and a key', () => {
    expect(parseS3Uri('s3://b/a/b')).toEqual({ bucket: 'b', key: 'a/b' });
    for (const wrong of ['s3://b', 's3://b/', 'b/a', 's3:///a']) expect(parseS3Uri(wrong)).toBeUndefined();
  });
});
