import { objectStorage, s3Error, type ReplyOf } from '@coffer/contracts';
import type { Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { hideFromStrangers } from './object-tags.ts';
import { parseRange, type RangeSpec } from './range.ts';

export type Located = ReplyOf<typeof objectStorage.locate>;

export interface Wanted {
  readonly want: 'bytes' | 'facts';
  readonly range: RangeSpec | undefined;
  readonly partNumber: number | undefined;
  /** An If-Range header is there. */
  readonly conditional: boolean;
}

const MAX_PART = 10_000;

/** Range and part number of a read; both at once, S3 refuses. */
export function wantedBytes(exchange: Exchange): Omit<Wanted, 'want'> {
  const header = exchange.incoming.headers.range;
  const partNumber = exchange.input['PartNumber'] as number | undefined;
  if (partNumber !== undefined) {
    if (header !== undefined) {
      throw s3Error(
        'InvalidRequest',
        {},
        { message: 'Cannot specify both Range header and partNumber query parameter' },
      );
    }
    if (partNumber < 1 || partNumber > MAX_PART) {
      throw s3Error(
        'InvalidArgument',
        { ArgumentName: 'partNumber', ArgumentValue: String(partNumber) },
        {
          message: 'Part number must be an integer between 1 and 10000, inclusive',
        },
      );
    }
  }
  return {
    range: parseRange(header),
    partNumber,
    conditional: exchange.incoming.headers['if-range'] !== undefined,
  };
}

/**
 * Finds the version that the request means, and decides about its tags when a policy asks for them. Whoever may not
 * know whether the key is there is told that it is forbidden.
 */
export async function findVersion(exchange: Exchange, gateway: Gateway, wanted: Wanted): Promise<Located> {
  const key = exchange.route.key as string;
  const versionId = exchange.route.query.get('versionId');
  const from = startOf(wanted);
  let withTags = false;
  try {
    const located = await exchange.deciding(
      (bucket) => {
        // Asked under the configuration of this very round: a policy may have come that reads tags.
        withTags = exchange.readsObjectTags();
        return gateway.bus.call(objectStorage.locate, {
          revision: bucket.context.revision,
          key,
          want: wanted.want,
          ...(versionId === undefined ? {} : { versionId }),
          ...(from ? { from } : {}),
          ...(withTags ? { withTags } : {}),
        });
      },
      { looks: true },
    );
    if (withTags) await exchange.decideWithTags(located.version.tags ?? []);
    return located;
  } catch (error) {
    await hideFromStrangers(exchange, error);
    throw error;
  }
}

function startOf({ range, partNumber, conditional }: Wanted) {
  if (partNumber !== undefined) return { partNumber };
  // Whether If-Range lets the range count is known only when the object is: all of it is looked up then.
  if (!range || conditional) return undefined;
  return 'suffix' in range ? { suffix: range.suffix } : { offset: range.start };
}
