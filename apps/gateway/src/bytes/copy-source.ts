import { isFault, objectStorage, s3Error } from '@coffer/contracts';
import type { Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { bucketArn, objectArn } from '../operations/operation.ts';
import type { Bucket } from '../route/contexts.ts';
import { checkExpectedOwner } from '../route/owner.ts';
import type { Need } from '../authorize/authorize.ts';
import type { ContextValue } from '../authorize/context-values.ts';
import { tagValues } from '../authorize/object-tags.ts';
import { checkCopyConditions } from './conditions.ts';
import { refuseKeyOfSource } from './encryption-headers.ts';
import type { Located } from './find-version.ts';

export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

export interface FoundSource extends CopySource {
  readonly at: Bucket;
  readonly located: Located;
}

/** Rounds of fresh configuration after which a source that keeps changing is a conflict. */
const MAX_ROUNDS = 5;

/** Reads `x-amz-copy-source`: `[/]bucket/key[?versionId=id]`, URL-encoded. */
export function parseCopySource(header: string | undefined): CopySource {
  const invalid = () =>
    s3Error(
      'InvalidArgument',
      { ArgumentName: 'x-amz-copy-source', ArgumentValue: String(header ?? '').slice(0, 2048) },
      {
        message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      },
    );
  if (!header) throw invalid();
  const [path, query] = splitOnce(header, '?');
  let name: string;
  let versionId: string | undefined;
  try {
    name = decodeURIComponent(path);
    versionId = query?.startsWith('versionId=') ? decodeURIComponent(query.slice('versionId='.length)) : undefined;
  } catch {
    throw invalid();
  }
  const [bucket, key = ''] = splitOnce(name.startsWith('/') ? name.slice(1) : name, '/');
  if (bucket === '' || key === '') throw invalid();
  // Anything else behind the question mark would be lost without a word, and another version copied than was meant.
  if (query !== undefined && !versionId) throw invalid();
  return { bucket, key, versionId };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** The permission to read the source, judged by the source bucket's policy and owner. */
function sourceNeed(source: CopySource, at: Bucket, tags?: ReadonlyMap<string, ContextValue>): Need {
  return {
    action: source.versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion',
    resource: objectArn(source.bucket, source.key),
    bucket: at,
    extra: new Map<string, ContextValue>([['s3:versionid', source.versionId], ...(tags ?? [])]),
  };
}

/** Finds the source under its own bucket's configuration, deciding again when that was old. */
export async function findSource(
  exchange: Exchange,
  gateway: Gateway,
  range?: { offset: number },
): Promise<FoundSource> {
  const source = parseCopySource(exchange.incoming.headers['x-amz-copy-source'] as string | undefined);
  let at = await gateway.contexts.get(source.bucket);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    checkExpectedOwner(exchange.incoming, 'x-amz-source-expected-bucket-owner', at.context);
    try {
      const located = await gateway.bus.call(objectStorage.locate, {
        revision: at.context.revision,
        key: source.key,
        ...(source.versionId === undefined ? {} : { versionId: source.versionId }),
        want: 'bytes',
        withTags: true,
        ...(range ? { from: range } : {}),
      });
      await decideOnSource(exchange, source, at, located);
      refuseKeyOfSource(exchange.incoming.headers);
      checkSourceConditions(exchange, located);
      return { ...source, at, located };
    } catch (error) {
      if (isFault(error, 'StaleContext')) at = await gateway.contexts.afterStale(source.bucket, error);
      else if (isFault(error, 'MethodNotAllowed')) {
        throw s3Error(
          'InvalidRequest',
          {},
          {
            message: 'The source of a copy request may not specifically refer to a delete marker by version id.',
          },
        );
      } else {
        await hideSource(exchange, source, at, error);
        throw error;
      }
    }
  }
  throw s3Error('OperationAborted');
}

/** The source's tags are known by now, so one decision covers policies that ask about them. */
async function decideOnSource(exchange: Exchange, source: CopySource, at: Bucket, { version }: Located): Promise<void> {
  const tags = tagValues(version.tags ?? []);
  if (!tags) throw s3Error('AccessDenied');
  const verdict = await exchange.judge([sourceNeed(source, at, tags)]);
  exchange.decided(verdict);
  if (!verdict.allowed) throw s3Error('AccessDenied', {}, { message: verdict.message });
}

/** Whether the source is there is told only to those who may read it or list its bucket. */
async function hideSource(exchange: Exchange, source: CopySource, at: Bucket, error: unknown): Promise<void> {
  if (!isFault(error) || error.status >= 500 || error.code === 'AccessDenied') return;
  const listing = { action: 's3:ListBucket', resource: bucketArn(source.bucket), bucket: at };
  const verdict = await exchange.judge([sourceNeed(source, at), listing]);
  if (!verdict.allowed) throw s3Error('AccessDenied', {}, { message: verdict.message });
}

function checkSourceConditions({ input }: Exchange, { version }: Located): void {
  checkCopyConditions(
    {
      ifMatch: input['CopySourceIfMatch'] as string | undefined,
      ifNoneMatch: input['CopySourceIfNoneMatch'] as string | undefined,
      ifModifiedSince: input['CopySourceIfModifiedSince'] as Date | undefined,
      ifUnmodifiedSince: input['CopySourceIfUnmodifiedSince'] as Date | undefined,
    },
    version,
  );
}

/** Entry of the record for the object that was read. */
export function noteSource(exchange: Exchange, source: FoundSource, size: number): void {
  exchange.note({
    operation: 'GetObject',
    bucket: source.bucket,
    key: source.key,
    versionId: source.located.version.versionId,
    status: 200,
    objectSize: size,
  });
}
