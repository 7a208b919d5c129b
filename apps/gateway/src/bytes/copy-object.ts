import { randomUUID } from 'node:crypto';
import {
  checksumAlgorithms,
  isChecksumAlgorithm,
  s3Error,
  unsupportedChecksum,
  type Checksum,
  type ChecksumAlgorithm,
  type Tag,
} from '@coffer/contracts';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { checksumMember } from '../checksums/algorithms.ts';
import { DigestStream } from '../checksums/digest-stream.ts';
import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { objectArn } from '../operations/operation.ts';
import { commitVersion } from './commit-version.ts';
import { findSource, noteSource, type FoundSource } from './copy-source.ts';
import { quoted } from './etag.ts';
import { DEFAULT_CHECKSUM } from './put-object.ts';
import { pourInto } from './plain-stream.ts';
import { readVersion } from './read-version.ts';
import { MAX_UPLOAD } from './receive.ts';
import { sealInto } from './seal-into.ts';
import { headerTags, refuseAnonymous, refuseUnsupported, storedHeaders } from './stored-headers.ts';

registerFailpoints('gateway.copy-object.before-commit', 'gateway.copy-object.before-answer');

/** A copy is opened and sealed anew under a key of its own: no two versions ever share one. */
export async function copyObject(exchange: Exchange, gateway: Gateway): Promise<Answer> {
  const { incoming, route, input } = exchange;
  const key = route.key as string;
  refuseAnonymous(exchange);
  refuseUnsupported(exchange, exchange.bucket());
  refuseUnknownDirectives(input);
  const source = await findSource(exchange, gateway);
  const { version } = source.located;
  if (version.size > MAX_UPLOAD) {
    throw s3Error(
      'InvalidRequest',
      {},
      {
        message: `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_UPLOAD}`,
      },
    );
  }
  refusePointless(exchange, source);
  const content = copiedContent(exchange, source);
  const tags = await copiedTags(exchange, source);
  const algorithm = wantedAlgorithm(input['ChecksumAlgorithm'], version.checksum);
  const bucket = exchange.bucket();
  const internalVersionId = randomUUID();
  const { dataKey, encryption } = await gateway.keys.newDataKey(bucket, { key, internalVersionId });
  try {
    const plain = await readVersion(gateway, {
      context: source.at.context,
      version,
      segments: source.located.segments,
      range: version.size > 0 ? { start: 0, end: version.size - 1 } : undefined,
      signal: incoming.gone,
    });
    const digest = await DigestStream.of(['MD5', algorithm], version.size, gateway.digests);
    const target = { dataKey, bucketId: bucket.context.bucketId, key, internalVersionId };
    const { body, values } = await digest.over(
      sealInto(gateway, target, version.size, [digest], (sink) => pourInto(sink, plain)),
    );
    const checksum: Checksum = {
      algorithm,
      value: (values.get(algorithm) as Buffer).toString('base64'),
      type: 'FULL_OBJECT',
    };
    noteSource(exchange, source, version.size);
    failpoint('gateway.copy-object.before-commit');
    const done = await commitVersion(exchange, gateway, {
      internalVersionId,
      body,
      size: version.size,
      etag: (values.get('MD5') as Buffer).toString('hex'),
      ...content,
      tags,
      checksum,
      encryption,
    });
    failpoint('gateway.copy-object.before-answer');
    return {
      output: {
        CopyObjectResult: {
          ETag: quoted(done.etag),
          LastModified: new Date(done.lastModified),
          [checksumMember(algorithm)]: checksum.value,
          ChecksumType: checksum.type,
        },
        VersionId: done.versionId,
        ServerSideEncryption: encryption.mode,
        ...(source.at.context.versioning === 'unversioned' ? {} : { CopySourceVersionId: version.versionId }),
      },
      facts: {
        objectSize: version.size,
        ...(done.versionId === undefined ? {} : { versionId: done.versionId }),
      },
    };
  } finally {
    dataKey.fill(0);
  }
}

const DIRECTIVES = [
  ['MetadataDirective', 'x-amz-metadata-directive', 'Unknown metadata directive.'],
  ['TaggingDirective', 'x-amz-tagging-directive', 'Unknown tagging directive.'],
] as const;

/** A misspelt REPLACE must not become a COPY, which would keep what the caller wanted gone. */
function refuseUnknownDirectives(input: Record<string, unknown>): void {
  for (const [member, header, message] of DIRECTIVES) {
    const value = input[member] as string | undefined;
    if (value === undefined || value === 'COPY' || value === 'REPLACE') continue;
    throw s3Error('InvalidArgument', { ArgumentName: header, ArgumentValue: value.slice(0, 1024) }, { message });
  }
}

const replaces = (input: Record<string, unknown>, member: string): boolean => input[member] === 'REPLACE';

/** S3 refuses a copy of an object onto itself that would change nothing. */
function refusePointless({ input, route, incoming }: Exchange, source: FoundSource): void {
  const onto = source.bucket === route.bucket && source.key === route.key && source.versionId === undefined;
  const changes =
    replaces(input, 'MetadataDirective') ||
    incoming.headers['x-amz-storage-class'] !== undefined ||
    incoming.headers['x-amz-website-redirect-location'] !== undefined ||
    incoming.headers['x-amz-server-side-encryption'] !== undefined;
  if (onto && !changes) {
    throw s3Error(
      'InvalidRequest',
      {},
      {
        message:
          "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
      },
    );
  }
}

/** Headers and metadata: the source's, or all of them replaced. Storage class and redirect are never copied. */
function copiedContent(
  exchange: Exchange,
  source: FoundSource,
): { headers: Record<string, string>; metadata: Record<string, string> } {
  const own = storedHeaders(exchange.incoming.headers);
  if (replaces(exchange.input, 'MetadataDirective')) {
    return { headers: own, metadata: (exchange.input['Metadata'] as Record<string, string> | undefined) ?? {} };
  }
  const headers = { ...source.located.version.headers };
  for (const name of ['x-amz-storage-class', 'x-amz-website-redirect-location']) {
    delete headers[name];
    const value = own[name];
    if (value !== undefined) headers[name] = value;
  }
  return { headers, metadata: source.located.version.metadata };
}

async function copiedTags(exchange: Exchange, source: FoundSource): Promise<Tag[]> {
  if (replaces(exchange.input, 'TaggingDirective')) return headerTags(exchange.input['Tagging'] as string | undefined);
  const tags = source.located.version.tags ?? [];
  if (tags.length > 0) {
    const verdict = await exchange.judge([
      {
        action: source.versionId === undefined ? 's3:GetObjectTagging' : 's3:GetObjectVersionTagging',
        resource: objectArn(source.bucket, source.key),
        bucket: source.at,
      },
      {
        action: 's3:PutObjectTagging',
        resource: objectArn(exchange.route.bucket as string, exchange.route.key as string),
      },
    ]);
    if (!verdict.allowed) throw s3Error('AccessDenied', {}, { message: verdict.message });
  }
  return tags;
}

/** The algorithm asked for, else the source's, else the default. A composite value cannot be kept: the copy is one body. */
function wantedAlgorithm(asked: unknown, ofSource: Checksum | undefined): ChecksumAlgorithm {
  if (asked !== undefined) {
    if (!isChecksumAlgorithm(asked)) throw unsupportedChecksum(checksumAlgorithms);
    return asked;
  }
  return ofSource && isChecksumAlgorithm(ofSource.algorithm) ? ofSource.algorithm : DEFAULT_CHECKSUM;
}
