import { createHash, createHmac } from 'node:crypto';
import { deriveSigningKey, MAX_EXPIRES_SECONDS, scopeString } from '@coffer/sigv4';

export const MAX_EXPIRES = MAX_EXPIRES_SECONDS;
export const METHODS = ['GET', 'PUT', 'HEAD', 'DELETE'] as const;
export type Method = (typeof METHODS)[number];

export interface PresignOptions {
  readonly method: Method;
  /** Base URL; the bucket becomes the first part of the path. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
  /** Seconds, at most seven days. */
  readonly expires: number;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly now?: Date;
}

/** AWS's UriEncode: everything but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function compare(left: readonly [string, string], right: readonly [string, string]): number {
  return left[0] < right[0] ? -1 : 1;
}

/** A URL that carries the signer's permission for one method on one key (AWS Signature Version 4, query parameters). */
export function presignUrl(options: PresignOptions): string {
  const endpoint = new URL(options.endpoint);
  const stamp = `${(options.now ?? new Date()).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const scope = { date: stamp.slice(0, 8), region: options.region, service: 's3' };
  const base = endpoint.pathname.replace(/\/$/, '');
  const path = `${base}/${[options.bucket, ...options.key.split('/')].map((part) => encode(part)).join('/')}`;
  const parameters: [string, string][] = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${options.accessKeyId}/${scopeString(scope)}`],
    ['X-Amz-Date', stamp],
    ['X-Amz-Expires', String(options.expires)],
    ['X-Amz-SignedHeaders', 'host'],
  ];
  if (options.sessionToken) parameters.push(['X-Amz-Security-Token', options.sessionToken]);
  if (options.versionId) parameters.push(['versionId', options.versionId]);
  const query = parameters
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(compare)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const canonical = [options.method, path, query, `host:${endpoint.host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const hash = createHash('sha256').update(canonical, 'utf8').digest('hex');
  const toSign = ['AWS4-HMAC-SHA256', stamp, scopeString(scope), hash].join('\n');
  const key = deriveSigningKey(options.secretAccessKey, scope.date, scope.region, scope.service);
  const signature = createHmac('sha256', key).update(toSign, 'utf8').digest('hex');
  return `${endpoint.origin}${path}?${query}&X-Amz-Signature=${signature}`;
}

/** `s3://bucket/key` → its two parts; undefined for anything else. */
export function parseS3Uri(text: string): { bucket: string; key: string } | undefined {
  const match = /^s3:\/\/([^/]+)\/(.+)$/s.exec(text);
  return match?.[1] && match[2] ? { bucket: match[1], key: match[2] } : undefined;
}
