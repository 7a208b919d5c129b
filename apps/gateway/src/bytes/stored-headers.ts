import type { IncomingHttpHeaders } from 'node:http';
import { receivedText } from '@coffer/aws-wire';
import { s3Error, TAG_TEXT, type Tag } from '@coffer/contracts';
import type { Exchange } from '../exchange.ts';
import type { Bucket } from '../route/contexts.ts';
import { refuseUnsupportedEncryption } from './encryption-headers.ts';
import { refuseUnsupportedConditions } from './etag.ts';

/** Headers that belong to an object: stored as they came, given back on GET and HEAD. */
const STORED = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
  'x-amz-website-redirect-location',
  'x-amz-storage-class',
] as const;

const DEFAULT_TYPE = 'binary/octet-stream';

/** Ordinary storage classes: accepted and shown as AWS shows them, one tier beneath. */
const STORAGE_CLASSES = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
]);

/** The object's own headers from a request that writes one. */
export function storedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const stored: Record<string, string> = {};
  for (const name of STORED) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') stored[name] = receivedText(value);
  }
  // `aws-chunked` names the transfer of this one upload, not the object.
  const encodings = (stored['content-encoding'] ?? '').split(',').map((item) => item.trim());
  const kept = encodings.filter((item) => item !== '' && item !== 'aws-chunked');
  if (kept.length > 0) stored['content-encoding'] = kept.join(',');
  else delete stored['content-encoding'];
  stored['content-type'] ??= DEFAULT_TYPE;
  const storageClass = stored['x-amz-storage-class'];
  if (storageClass !== undefined && !STORAGE_CLASSES.has(storageClass)) throw s3Error('InvalidStorageClass');
  if (storageClass === 'STANDARD') delete stored['x-amz-storage-class'];
  return stored;
}

/** An append to an object, as directory buckets know it. */
const OFFSET = 'x-amz-write-offset-bytes';

const GRANT_HEADERS = [
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write-acp',
] as const;

const CANNED_ACLS: ReadonlySet<unknown> = new Set([
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
]);

const LOCK_HEADERS = [
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-lock-legal-hold',
] as const;

/** Refuses, before a byte is taken in, what cannot be honoured: silence would look like consent. */
export function refuseUnsupported(exchange: Exchange, bucket: Bucket): void {
  const { headers } = exchange.incoming;
  refuseUnsupportedEncryption(headers);
  if (headers[OFFSET] !== undefined) throw s3Error('NotImplemented', { Header: OFFSET });
  if (LOCK_HEADERS.some((name) => headers[name] !== undefined)) {
    throw s3Error('InvalidRequest', {}, { message: 'Bucket is missing ObjectLockConfiguration' });
  }
  refuseUnsupportedConditions(exchange.input);
  refuseAcls(headers, bucket);
}

/** Only the canned ACLs that change nothing are taken. */
function refuseAcls(headers: IncomingHttpHeaders, bucket: Bucket): void {
  const acl = headers['x-amz-acl'];
  if (acl !== undefined && !CANNED_ACLS.has(acl)) {
    throw s3Error('InvalidArgument', { ArgumentName: 'x-amz-acl', ArgumentValue: String(acl).slice(0, 1024) });
  }
  const grant = GRANT_HEADERS.find((name) => headers[name] !== undefined);
  const harmless = acl === undefined || acl === 'bucket-owner-full-control' || acl === 'private';
  if (grant === undefined && harmless) return;
  if (acl !== undefined && grant !== undefined) {
    throw s3Error('InvalidRequest', {}, { message: 'Specifying both Canned ACLs and Header Grants is not allowed' });
  }
  if (bucket.context.ownership === 'BucketOwnerEnforced') throw s3Error('AccessControlListNotSupported');
  throw s3Error('NotImplemented', { Header: grant ?? 'x-amz-acl' });
}

/** S3 lets nobody copy or begin a multipart upload without a signature, whatever a policy allows. */
export function refuseAnonymous({ authenticated }: Exchange): void {
  if (authenticated.auth.kind === 'anonymous') throw s3Error('AccessDenied');
}

const MAX_TAGS = 10;

/** Tags of an `x-amz-tagging` header, URL-encoded like a query string. */
export function headerTags(header: string | undefined): Tag[] {
  if (header === undefined || header === '') return [];
  const invalid = () =>
    s3Error(
      'InvalidArgument',
      { ArgumentName: 'x-amz-tagging', ArgumentValue: header.slice(0, 1024) },
      {
        message:
          "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      },
    );
  const tags = new Map<string, string>();
  for (const pair of header.split('&')) {
    const [name = '', value = ''] = pair.split('=', 2).map((part) => {
      try {
        return decodeURIComponent(part.replaceAll('+', ' '));
      } catch {
        throw invalid();
      }
    });
    if (name === '' || tags.has(name) || !TAG_TEXT.test(name) || !TAG_TEXT.test(value)) throw invalid();
    tags.set(name, value);
  }
  if (tags.size > MAX_TAGS) throw s3Error('BadRequest', {}, { message: 'Object tags cannot be greater than 10' });
  for (const [name, value] of tags) {
    if (name.startsWith('aws:')) {
      throw s3Error('InvalidTag', { TagKey: name }, { message: 'Your TagKey cannot be prefixed with aws:' });
    }
    if ([...name].length > 128) throw s3Error('InvalidTag', { TagKey: name });
    if ([...value].length > 256)
      throw s3Error('InvalidTag', { TagValue: value }, { message: 'The TagValue you have provided is invalid' });
  }
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}
