import { s3Error, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { changeBucket, readBucket } from '../shared/forwarded.ts';
import { list, structure, text, texts, type Input } from '../shared/input.ts';

const set = sql(
  'buckets.setCors',
  'UPDATE buckets SET cors = $2::text::jsonb, revision = revision + 1 WHERE bucket_id = $1',
);

const MAX_RULES = 100;
const MAX_BYTES = 64 * 1024;
const MAX_ID_LENGTH = 255;
/** An escaped NUL or half a surrogate pair. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;
const METHODS: readonly string[] = ['GET', 'PUT', 'HEAD', 'POST', 'DELETE'];

function invalid(message: string): Error {
  return s3Error('InvalidRequest', {}, { message });
}

function checkWildcards(member: string, values: readonly string[]): void {
  for (const value of values) {
    if (value.indexOf('*') !== value.lastIndexOf('*')) {
      throw invalid(`${member} "${value}" can not have more than one wildcard.`);
    }
  }
}

/** One rule with AWS's member names and nothing else in it. */
function readRule(rule: unknown): Record<string, unknown> {
  const input = (typeof rule === 'object' && rule !== null ? rule : {}) as Input;
  const origins = texts(input, 'AllowedOrigins');
  const methods = texts(input, 'AllowedMethods');
  const headers = texts(input, 'AllowedHeaders');
  const exposed = texts(input, 'ExposeHeaders');
  const id = text(input, 'ID');
  const age = input.MaxAgeSeconds;
  if (origins.length === 0 || methods.length === 0) throw s3Error('MalformedXML');
  if (id !== undefined && id.length > MAX_ID_LENGTH) throw s3Error('MalformedXML');
  if (age !== undefined && (typeof age !== 'number' || !Number.isInteger(age) || age < 0))
    throw s3Error('MalformedXML');
  const wrong = methods.find((method) => !METHODS.includes(method));
  if (wrong !== undefined)
    throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${wrong}`);
  checkWildcards('AllowedOrigin', origins);
  checkWildcards('AllowedHeader', headers);
  const wild = exposed.find((header) => header.includes('*'));
  if (wild !== undefined) {
    throw invalid(`ExposeHeader "${wild}" contains wildcard. We currently do not support wildcard for ExposeHeader.`);
  }
  return {
    ...(id === undefined ? {} : { ID: id }),
    AllowedOrigins: origins,
    AllowedMethods: methods,
    ...(headers.length === 0 ? {} : { AllowedHeaders: headers }),
    ...(exposed.length === 0 ? {} : { ExposeHeaders: exposed }),
    ...(age === undefined ? {} : { MaxAgeSeconds: age }),
  };
}

/** The rules of a CORS configuration, checked as AWS does. @throws Fault MalformedXML, InvalidRequest */
export function readCorsRules(configuration: Input | undefined): Record<string, unknown>[] {
  const rules = configuration ? list(configuration, 'CORSRules') : [];
  if (rules.length === 0 || rules.length > MAX_RULES) throw s3Error('MalformedXML');
  const checked = rules.map(readRule);
  // No XML document can hold these, and neither can jsonb.
  if (UNSTORABLE.test(JSON.stringify(checked))) throw s3Error('MalformedXML');
  if (Buffer.byteLength(JSON.stringify(checked)) > MAX_BYTES) throw s3Error('MalformedXML');
  return checked;
}

export async function putBucketCors(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const rules = readCorsRules(structure(message.input, 'CORSConfiguration'));
  return await changeBucket(deps, message, async (tx, bucket) => {
    await tx.execute(set, [bucket.bucket_id, JSON.stringify(rules)]);
    return {};
  });
}

export function getBucketCors(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readBucket(deps, message, (bucket) => {
    if (!bucket.cors) throw s3Error('NoSuchCORSConfiguration', { BucketName: bucket.name });
    return { CORSRules: bucket.cors };
  });
}

export function deleteBucketCors(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return changeBucket(deps, message, async (tx, bucket) => {
    if (bucket.cors) await tx.execute(set, [bucket.bucket_id, null]);
    return { status: 204 };
  });
}
