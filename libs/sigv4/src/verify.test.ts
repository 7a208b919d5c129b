import { SignatureV4 } from '@smithy/signature-v4';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uriEncode } from './encode.ts';
import type { SignedRequest } from './request.ts';
import { spacedHex } from './signing-key.ts';
import { authenticate, refusal } from './testkit/authenticate.ts';
import { Sha256, targetOf } from './testkit/smithy.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const options = { now: NOW, regions: ['eu-central-1'], services: ['s3', 'kms'] };
const signer = (service: string) =>
  new SignatureV4({
    service,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET },
    sha256: Sha256,
    uriEscapePath: service !== 's3',
  });

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const arbitraryRequest = fc.record({
  service: fc.constantFrom('s3', 'kms'),
  presigned: fc.boolean(),
  method: fc.constantFrom('GET', 'PUT', 'DELETE', 'HEAD', 'POST'),
  segments: fc.array(fc.oneof(text, fc.constantFrom('..', '.', '', 'a+b', '%2F')), { maxLength: 5 }),
  query: fc.dictionary(
    fc.oneof(text, fc.constantFrom('acl', 'prefix', 'x y', 'ü')).filter((name) => name !== '' && name !== '__proto__'),
    fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
    { maxKeys: 4 },
  ),
  headers: fc.dictionary(
    fc.stringMatching(/^(x-amz-meta|x-other)-[a-z0-9]{1,8}$/),
    fc.stringMatching(/^[ -~]{1,30}$/).filter((value) => value.trim() !== ''),
    { maxKeys: 4 },
  ),
});

type Drawn = typeof arbitraryRequest extends fc.Arbitrary<infer T> ? T : never;

async function signed({ service, presigned, method, segments, query, headers }: Drawn): Promise<SignedRequest> {
  const request = {
    method,
    protocol: 'https:',
    hostname: 's3.localhost',
    path: `/${segments.map((segment) => uriEncode(Buffer.from(segment))).join('/')}`,
    query,
    headers: {
      ...headers,
      host: 's3.localhost',
      ...(service === 's3' ? { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } : {}),
    },
  };
  const result = presigned
    ? await signer(service).presign(request, { signingDate: NOW, expiresIn: 60 })
    : await signer(service).sign(request, { signingDate: NOW });
  return { method, target: targetOf(result), headers: result.headers };
}

describe("requests that the SDK's signer signed", () => {
  it('verify, whatever their path, query and headers', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRequest, async (drawn) => {
        expect(authenticate(await signed(drawn), SECRET, options)).toMatchObject({ accessKeyId: 'AKIDEXAMPLE' });
      }),
      { numRuns: 400 },
    );
  });

  it('verify for S3 with an encoded slash that was signed as a plain one', async () => {
    const plain: Drawn = {
      service: 's3',
      presigned: false,
      method: 'GET',
      segments: ['b', 'x', 'y'],
      query: {},
      headers: {},
    };
    const request = await signed(plain);
    expect(authenticate({ ...request, target: '/b/x%2fy' }, SECRET, options)).toMatchObject({ kind: 'v4-header' });
    const kms = await signed({ ...plain, service: 'kms' });
    expect(refusal(() => authenticate({ ...kms, target: '/b/x%2fy' }, SECRET, options)).code).toBe(
      'SignatureDoesNotMatch',
    );
  });

  it('fail once anything that was signed changes', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRequest, fc.nat(), async (drawn, pick) => {
        const request = await signed(drawn);
        const headers = request.headers as Record<string, string>;
        const name = Object.keys(headers).filter((one) => one !== 'authorization')[
          pick % (Object.keys(headers).length - 1 || 1)
        ] as string;
        const mark = request.target.includes('?') ? '&' : '?';
        const signature = /Signature=([0-9a-f]{64})/.exec(
          `${request.target} ${headers.authorization ?? ''}`,
        )?.[1] as string;
        const at = pick % 64;
        const forged = `${signature.slice(0, at)}${signature[at] === '0' ? '1' : '0'}${signature.slice(at + 1)}`;
        const changes: SignedRequest[] = [
          { ...request, method: `${request.method}X` },
          { ...request, target: request.target.replace(/^[^?]*/, '$&x') },
          { ...request, target: `${request.target}${mark}versionId=1` },
          { ...request, headers: { ...headers, [name]: `${headers[name]}x` } },
          {
            ...request,
            target: request.target.replace(signature, forged),
            headers: {
              ...headers,
              ...(headers.authorization ? { authorization: headers.authorization.replace(signature, forged) } : {}),
            },
          },
        ];
        for (const changed of changes) {
          // Some changes (of a date, of the payload word) are refused before the signature is compared.
          expect(refusal(() => authenticate(changed, SECRET, options)).status).toBeGreaterThanOrEqual(400);
        }
        expect(refusal(() => authenticate(changes[4] as SignedRequest, SECRET, options)).code).toBe(
          'SignatureDoesNotMatch',
        );
        expect(refusal(() => authenticate(request, `${SECRET}x`, options)).code).toBe('SignatureDoesNotMatch');
      }),
      { numRuns: 150 },
    );
  });
});

describe('SignatureDoesNotMatch', () => {
  const drawn: Drawn = {
    service: 's3',
    presigned: false,
    method: 'GET',
    segments: ['b', 'ü'],
    query: { acl: '' },
    headers: {},
  };

  it('shows what was compared', async () => {
    const request = await signed(drawn);
    const error = refusal(() => authenticate(request, 'another', options));
    const canonical = [
      'GET\n/b/%C3%BC\nacl=\nhost:s3.localhost\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:20261123T120000Z\n',
      'host;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD',
    ].join('\n');
    expect(error).toMatchObject({ status: 403, reason: 'signature-mismatch' });
    expect(Object.keys(error.extras)).toEqual([
      'AWSAccessKeyId',
      'StringToSign',
      'SignatureProvided',
      'StringToSignBytes',
      'CanonicalRequest',
      'CanonicalRequestBytes',
    ]);
    expect(error.extras.CanonicalRequest).toBe(canonical);
    expect(error.extras.CanonicalRequestBytes).toBe(spacedHex(Buffer.from(canonical)));
    expect(error.extras.CanonicalRequestBytes).toMatch(/^47 45 54 0a /);
    expect(error.extras.StringToSign).toMatch(
      /^AWS4-HMAC-SHA256\n20261123T120000Z\n20261123\/eu-central-1\/s3\/aws4_request\n[0-9a-f]{64}$/,
    );
    expect(JSON.stringify(error.extras)).not.toContain('another');
  });

  it.each(['', 'x', '0'.repeat(63), '0'.repeat(65), 'é'.repeat(64)])(
    'for a signature of another form: "%s"',
    async (forged) => {
      const request = await signed(drawn);
      const headers = request.headers as Record<string, string>;
      const authorization = (headers.authorization as string).replace(/Signature=.*$/, `Signature=${forged}`);
      const error = refusal(() =>
        authenticate({ ...request, headers: { ...headers, authorization } }, SECRET, options),
      );
      expect(error.code).toBe(forged === '' ? 'AuthorizationHeaderMalformed' : 'SignatureDoesNotMatch');
    },
  );

  it('a signed header whose bytes are not ASCII is taken as it came over the wire', async () => {
    const bytes = Buffer.from('blå', 'utf8').toString('latin1');
    const request = await signed({ ...drawn, headers: { 'x-amz-meta-a': 'blå' } });
    const headers = { ...(request.headers as Record<string, string>), 'x-amz-meta-a': bytes };
    expect(authenticate({ ...request, headers }, SECRET, options)).toMatchObject({ kind: 'v4-header' });
  });
});
