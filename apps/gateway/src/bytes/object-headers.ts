import { sentText } from '@coffer/aws-wire';
import { s3Error, type VersionFacts } from '@coffer/contracts';
import { checksumMember } from '../checksums/algorithms.ts';
import type { Exchange } from '../exchange.ts';
import { quoted } from './etag.ts';
import type { ByteRange } from './range.ts';

const OVERRIDES: Readonly<Record<string, string>> = {
  'response-content-type': 'content-type',
  'response-content-language': 'content-language',
  'response-expires': 'expires',
  'response-cache-control': 'cache-control',
  'response-content-disposition': 'content-disposition',
  'response-content-encoding': 'content-encoding',
};

/** The stored headers of a version, replaced by what a signed request asks for in its query. */
export function objectHeaders(exchange: Exchange, version: VersionFacts): Record<string, string> {
  const headers: Record<string, string> = { ...version.headers };
  for (const [parameter, name] of Object.entries(OVERRIDES)) {
    const value = exchange.route.query.get(parameter);
    if (value === undefined) continue;
    if (exchange.authenticated.auth.kind === 'anonymous') {
      throw s3Error(
        'InvalidRequest',
        {},
        {
          message: 'Request specific response headers cannot be used for anonymous GET requests.',
        },
      );
    }
    headers[name] = value;
  }
  for (const [name, value] of Object.entries(headers)) headers[name] = sentText(value);
  return headers;
}

export interface Shown {
  /** The bytes of the answer; undefined for the whole of an empty object. */
  readonly range: ByteRange | undefined;
  /** True when the client asked for a part or a range: the answer is 206. */
  readonly partial: boolean;
  readonly partsCount?: number | undefined;
}

/** Members of GetObject's and HeadObject's output that do not depend on bytes. */
export function objectOutput(exchange: Exchange, version: VersionFacts, shown: Shown): Record<string, unknown> {
  const { versioning } = exchange.bucket().context;
  const { range } = shown;
  const withChecksum = exchange.incoming.headers['x-amz-checksum-mode'] === 'ENABLED' && !shown.partial;
  return {
    AcceptRanges: 'bytes',
    ContentLength: range ? range.end - range.start + 1 : 0,
    ...(shown.partial && range ? { ContentRange: `bytes ${range.start}-${range.end}/${version.size}` } : {}),
    ETag: quoted(version.etag),
    LastModified: new Date(version.lastModified),
    Metadata: version.metadata,
    ServerSideEncryption: version.encryption.mode,
    ...(versioning === 'unversioned' ? {} : { VersionId: version.versionId }),
    ...(version.tagCount > 0 ? { TagCount: version.tagCount } : {}),
    ...(shown.partsCount === undefined ? {} : { PartsCount: shown.partsCount }),
    ...(withChecksum && version.checksum
      ? { [checksumMember(version.checksum.algorithm)]: version.checksum.value, ChecksumType: version.checksum.type }
      : {}),
  };
}
