import type { BucketContext } from '@coffer/contracts';
import type { ParsedAuth } from '@coffer/sigv4';
import type { Incoming } from '../listen/incoming.ts';

export type ContextValue = string | readonly string[] | undefined;

export interface ContextSource {
  readonly incoming: Incoming;
  readonly auth: ParsedAuth;
  readonly query: ReadonlyMap<string, string>;
  readonly bucket: BucketContext | undefined;
  /** Keys that only the operation knows, lower case: tags of the request or of the object, a location. */
  readonly extra?: ReadonlyMap<string, ContextValue>;
}

/** Condition keys whose value is the request header of the same name. */
const HEADER_KEYS = [
  'x-amz-acl',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
  'x-amz-metadata-directive',
  'x-amz-object-ownership',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
] as const;

const AUTH_TYPES: Partial<Record<ParsedAuth['kind'], string>> = {
  'v4-header': 'REST-HEADER',
  'v2-header': 'REST-HEADER',
  'v4-query': 'REST-QUERY-STRING',
  'v2-query': 'REST-QUERY-STRING',
};

type Source = (source: ContextSource) => ContextValue;

const sources = new Map<string, Source>([
  ['aws:currenttime', ({ incoming }) => new Date(incoming.time).toISOString()],
  ['aws:epochtime', ({ incoming }) => String(Math.floor(incoming.time / 1000))],
  ['aws:securetransport', ({ incoming }) => String(incoming.secure)],
  ['aws:sourceip', ({ incoming }) => incoming.remoteIp],
  ['aws:useragent', ({ incoming }) => incoming.headers['user-agent']],
  ['aws:referer', ({ incoming }) => incoming.headers.referer],
  ['aws:requestedregion', ({ bucket }) => bucket?.region],
  ['s3:authtype', ({ auth }) => AUTH_TYPES[auth.kind]],
  [
    's3:signatureversion',
    ({ auth }) => (auth.kind === 'anonymous' ? undefined : auth.kind.startsWith('v2') ? 'AWS' : 'AWS4-HMAC-SHA256'),
  ],
  [
    's3:signatureage',
    ({ auth, incoming }) => ('timestamp' in auth ? String(incoming.time - auth.timestamp.getTime()) : undefined),
  ],
  ['s3:tlsversion', ({ incoming }) => incoming.tls?.version.replace(/^TLSv/, '')],
  ['s3:resourceaccount', ({ bucket }) => bucket?.ownerAccountId],
  ['aws:resourceaccount', ({ bucket }) => bucket?.ownerAccountId],
  ['s3:prefix', ({ query }) => query.get('prefix')],
  ['s3:delimiter', ({ query }) => query.get('delimiter')],
  ['s3:max-keys', ({ query }) => query.get('max-keys')],
  ['s3:versionid', ({ query }) => query.get('versionId')],
  ...HEADER_KEYS.map((name): [string, Source] => [`s3:${name}`, ({ incoming }) => headerValue(incoming, name)]),
]);

function headerValue(incoming: Incoming, name: string): string | undefined {
  const value = incoming.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

/** What policies may ask about this request, found only when a condition asks for it. What an operation says wins. */
export function contextValues(source: ContextSource): (key: string) => ContextValue {
  return (key) => (source.extra?.has(key) ? source.extra.get(key) : sources.get(key)?.(source));
}
