import { createHmac } from 'node:crypto';
import { accessDenied, type SignatureError, signatureDoesNotMatch } from './errors.ts';
import type { ParseOptions, SigV2Auth } from './parsed-auth.ts';
import { checkSkew, requestTime } from './parse-header.ts';
import { readPlainPayloadMode } from './payload-hash.ts';
import { inHeaderAndQuery, readQueryHeaders } from './query-headers.ts';
import { headerText, type HeaderIndex, type QueryParameter, type Target } from './request.ts';
import { equalSignatures, spacedHex } from './signing-key.ts';
import { formatErrorTime } from './timestamp.ts';

const AUTH_PARAMETERS: ReadonlySet<string> = new Set(['AWSAccessKeyId', 'Signature', 'Expires']);

/**
 * Parameters that a SigV2 signature does not cover: those that only shape a listing, and client-side marks. AWS signs a
 * list of sub-resources instead; here everything is signed unless it is known to be harmless, so that nobody can turn a
 * URL for an object into one for its `?retention` or some later sub-resource.
 */
const UNCOVERED: ReadonlySet<string> = new Set([
  'prefix',
  'delimiter',
  'marker',
  'max-keys',
  'encoding-type',
  'list-type',
  'continuation-token',
  'start-after',
  'fetch-owner',
  'key-marker',
  'version-id-marker',
  'upload-id-marker',
  'max-uploads',
  'max-parts',
  'part-number-marker',
  'x-id',
  'content-type',
  'content-md5',
]);

/** Whether a query claims to carry a SigV2 signature, complete or not. */
export function isPresignedV2(parameters: readonly QueryParameter[]): boolean {
  return parameters.some(({ name }) => name === 'Signature' || name === 'AWSAccessKeyId');
}

/** Reads a SigV2 presigned URL. @throws SignatureError */
export function parseV2Query(method: string, target: Target, headers: HeaderIndex, options: ParseOptions): SigV2Auth {
  const read = (wanted: string): string => {
    const found = target.parameters.filter(({ name }) => name === wanted);
    if (found.length === 1 && found[0]?.value) return found[0].value;
    throw accessDenied(
      'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
      'missing',
    );
  };
  const [accessKeyId, signature, expiresText] = [read('AWSAccessKeyId'), read('Signature'), read('Expires')];
  if (!/^\d{1,12}$/.test(expiresText)) {
    throw accessDenied(`Invalid date (should be seconds since epoch): ${expiresText.slice(0, 64)}`, 'malformed');
  }
  const expires = new Date(Number(expiresText) * 1000);
  if (options.now.getTime() > expires.getTime()) {
    throw accessDenied('Request has expired', 'expired', {
      Expires: formatErrorTime(expires),
      ServerTime: formatErrorTime(options.now),
    });
  }
  return build('v2-query', { accessKeyId, signature, expires }, expiresText, method, target, headers, options);
}

/** Reads `Authorization: AWS AKID:signature`. @throws SignatureError */
export function parseV2Header(
  claim: { accessKeyId: string; signature: string },
  method: string,
  target: Target,
  headers: HeaderIndex,
  options: ParseOptions,
): SigV2Auth {
  checkSkew(requestTime(headers), headers, options);
  const date = headers.has('x-amz-date') ? '' : (headerText(headers, 'date') ?? '');
  const { accessKeyId, signature } = claim;
  return build('v2-header', { accessKeyId, signature }, date, method, target, headers, options);
}

function build(
  kind: SigV2Auth['kind'],
  claim: { accessKeyId: string; signature: string; expires?: Date },
  date: string,
  method: string,
  target: Target,
  headers: HeaderIndex,
  options: ParseOptions,
): SigV2Auth {
  const hoisted = kind === 'v2-query' ? readQueryHeaders(target.parameters, new Set()) : new Map<string, string>();
  const stringToSign = v2StringToSign(method, target, headers, hoisted ?? new Map(), date, options.virtualHostBucket);
  const sessionToken = headerText(headers, 'x-amz-security-token') ?? hoisted?.get('x-amz-security-token');
  const queryHeaders = new Map(hoisted);
  queryHeaders.delete('x-amz-security-token');
  const auth: SigV2Auth = {
    kind,
    ...claim,
    stringToSign,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    payload: readPlainPayloadMode(headerText(headers, 'x-amz-content-sha256')),
    queryHeaders,
  };
  const twice = kind === 'v2-query' && (!hoisted || inHeaderAndQuery(headers, target.parameters));
  if (twice) throw signatureDoesNotMatchV2(auth);
  return auth;
}

function v2StringToSign(
  method: string,
  target: Target,
  headers: HeaderIndex,
  hoisted: ReadonlyMap<string, string>,
  date: string,
  virtualHostBucket: string | undefined,
): string {
  const amz = new Map(hoisted);
  for (const name of headers.keys()) {
    if (name.startsWith('x-amz-')) amz.set(name, v2HeaderValue(headers, name));
  }
  const names = [...amz.keys()].sort();
  return [
    method,
    v2HeaderValue(headers, 'content-md5'),
    v2HeaderValue(headers, 'content-type'),
    date,
    ...names.map((name) => `${name}:${amz.get(name)}`),
    v2Resource(target, hoisted.size > 0, virtualHostBucket),
  ].join('\n');
}

/** Values trimmed and joined; unlike SigV4, inner spaces stay. */
function v2HeaderValue(headers: HeaderIndex, name: string): string {
  const values = (headers.get(name) ?? []).map((value) => value.replace(/^[ \t]+/, '').trimEnd());
  return Buffer.from(values.join(','), 'latin1').toString('utf8');
}

/**
 * `/bucket/key?sub-resources`: the path as received, the parameters decoded and sorted by name. A bucket named without
 * a slash after it is signed with one, whatever the addressing style.
 */
function v2Resource(target: Target, withQueryHeaders: boolean, virtualHostBucket: string | undefined): string {
  const covered = target.parameters
    .filter(({ name }) => !AUTH_PARAMETERS.has(name) && !UNCOVERED.has(name))
    .filter(({ name }) => !(withQueryHeaders && name.toLowerCase().startsWith('x-amz-')))
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
    .map(({ name, value, hasValue }) => (hasValue ? `${name}=${value}` : name));
  const bucket = virtualHostBucket === undefined ? '' : `/${virtualHostBucket}`;
  const slash = virtualHostBucket === undefined && /^\/[^/]+$/.test(target.path) ? '/' : '';
  return `${bucket}${target.path}${slash}${covered.length > 0 ? `?${covered.join('&')}` : ''}`;
}

/** Whether `signature` (base64 of HMAC-SHA1) is the one that `secret` makes; compared in constant time. */
export function verifyV2(stringToSign: string, signature: string, secret: string): boolean {
  return equalSignatures(createHmac('sha1', secret).update(stringToSign, 'utf8').digest('base64'), signature);
}

/** 403 SignatureDoesNotMatch for a SigV2 request that did not verify. */
export function signatureDoesNotMatchV2(
  auth: Pick<SigV2Auth, 'accessKeyId' | 'stringToSign' | 'signature'>,
): SignatureError {
  return signatureDoesNotMatch({
    AWSAccessKeyId: auth.accessKeyId,
    StringToSign: auth.stringToSign,
    SignatureProvided: auth.signature,
    StringToSignBytes: spacedHex(Buffer.from(auth.stringToSign, 'utf8')),
  });
}
