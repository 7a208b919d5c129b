import { isFault, objectStorage, s3Error, type ReplyOf } from '@coffer/contracts';
import type { ContextValue } from '../authorize/context-values.ts';
import type { Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { bucketArn, objectArn } from '../operations/operation.ts';
import { parseRange, type RangeSpec } from './range.ts';

export type Located = ReplyOf<typeof objectStorage.locate>;

export interface Wanted {
  readonly want: 'bytes' | 'facts';
  readonly range: RangeSpec | undefined;
  readonly partNumber: number | undefined;
}

const MAX_PART = 10_000;

/** Range and part number of a read; both at once, S3 refuses. */
export function wantedBytes(exchange: Exchange): Pick<Wanted, 'range' | 'partNumber'> {
  const header = exchange.incoming.headers.range;
  const partNumber = exchange.input['PartNumber'] as number | undefined;
  if (partNumber !== undefined) {
    if (header !== undefined) {
      throw s3Error('InvalidRequest', {}, { message: 'Cannot specify both Range header and partNumber query parameter' });
    }
    if (partNumber < 1 || partNumber > MAX_PART) {
      throw s3Error('InvalidArgument', { ArgumentName: 'partNumber', ArgumentValue: String(partNumber) }, {
        message: 'Part number must be an integer between 1 and 10000, inclusive',
      });
    }
  }
  return { range: parseRange(header), partNumber };
}

/**
 * Finds the version that the request means, and decides about its tags when a policy asks for them. A key that is not
 * there is told apart from one that is forbidden only to those who may list the bucket.
 *
 * @param actions the permissions of the read, for the second decision.
 */
export async function findVersion(
  exchange: Exchange,
  gateway: Gateway,
  wanted: Wanted,
  actions: readonly string[],
): Promise<Located> {
  const key = exchange.route.key as string;
  const versionId = exchange.route.query.get('versionId');
  const { range, partNumber } = wanted;
  const withTags = exchange.readsObjectTags();
  const from =
    partNumber !== undefined
      ? { partNumber }
      : range && ('suffix' in range ? { suffix: range.suffix } : { offset: range.start });
  let located: Located;
  try {
    located = await exchange.deciding((bucket) =>
      gateway.bus.call(objectStorage.locate, {
        revision: bucket.context.revision,
        key,
        want: wanted.want,
        ...(versionId === undefined ? {} : { versionId }),
        ...(from ? { from } : {}),
        ...(withTags ? { withTags } : {}),
      }),
    );
  } catch (error) {
    if (isFault(error, 'NoSuchKey')) await hideFromStrangers(exchange);
    throw error;
  }
  if (withTags) await decideOnTags(exchange, key, located, actions);
  return located;
}

async function hideFromStrangers(exchange: Exchange): Promise<void> {
  const listing = await exchange.judge([{ action: 's3:ListBucket', resource: bucketArn(exchange.route.bucket as string) }]);
  if (!listing.allowed) throw s3Error('AccessDenied', {}, { message: listing.message });
}

async function decideOnTags(exchange: Exchange, key: string, located: Located, actions: readonly string[]): Promise<void> {
  const extra = new Map<string, ContextValue>(
    (located.version.tags ?? []).map(({ Key, Value }) => [`s3:existingobjecttag/${Key.toLowerCase()}`, Value]),
  );
  const resource = objectArn(exchange.route.bucket as string, key);
  const verdict = await exchange.judge(actions.map((action) => ({ action, resource, extra })));
  if (!verdict.allowed) throw s3Error('AccessDenied', {}, { message: verdict.message });
}
