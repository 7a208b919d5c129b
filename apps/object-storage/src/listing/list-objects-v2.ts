import { s3Error, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import type { Deps } from '../deps.ts';
import { readContents } from '../shared/forwarded.ts';
import { count, text } from '../shared/input.ts';
import { encoder } from './encode.ts';
import { objectsPage, type ObjectEntry } from './list-objects-page.ts';
import { commonPrefixOf, contentOf } from './object-entry.ts';
import { afterMarker, behindPrefix, listingRange, rightBehind } from './range.ts';

const MAX_KEYS = 1000;

/** A continuation token holds the last entry of the page: `k` and a key, or `p` and a common prefix. */
function positionAfter(entry: ObjectEntry): string {
  return (entry.is_prefix ? 'p' : 'k') + entry.entry;
}

function startOf(position: string): string {
  const entry = position.slice(1);
  return position.startsWith('p') ? behindPrefix(entry) : rightBehind(entry);
}

export function listObjectsV2(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readContents(deps, message, async (tx, bucket) => {
    const { input } = message;
    const prefix = text(input, 'Prefix') ?? '';
    const delimiter = text(input, 'Delimiter');
    const startAfter = text(input, 'StartAfter');
    const token = text(input, 'ContinuationToken');
    const encodingType = text(input, 'EncodingType');
    const encode = encoder(encodingType);
    const most = count(input, 'MaxKeys', 'max-keys', MAX_KEYS);
    const scope = `ListObjectsV2\0${bucket.bucket_id}`;
    let from = startAfter ? afterMarker(startAfter, prefix, delimiter) : undefined;
    if (token !== undefined) {
      const position = deps.ids.positionOf(scope, token);
      if (position === undefined) {
        throw s3Error(
          'InvalidArgument',
          { ArgumentName: 'continuation-token', ArgumentValue: token.slice(0, 1024) },
          { message: 'The continuation token provided is incorrect' },
        );
      }
      from = startOf(position);
    }
    const page = await objectsPage(tx, bucket.bucket_id, listingRange(prefix, delimiter, from), most);
    const last = page.entries.at(-1);
    return {
      Name: bucket.name,
      Prefix: encode(prefix),
      MaxKeys: most,
      KeyCount: page.entries.length,
      IsTruncated: page.truncated,
      Contents: page.entries
        .filter((entry) => !entry.is_prefix)
        .map((entry) => contentOf(entry, encode, input.FetchOwner === true)),
      CommonPrefixes: page.entries.filter((entry) => entry.is_prefix).map((entry) => commonPrefixOf(entry, encode)),
      ...(delimiter ? { Delimiter: encode(delimiter) } : {}),
      ...(startAfter === undefined ? {} : { StartAfter: encode(startAfter) }),
      ...(token === undefined ? {} : { ContinuationToken: token }),
      ...(page.truncated && last ? { NextContinuationToken: deps.ids.newToken(scope, positionAfter(last)) } : {}),
      ...(encodingType === undefined ? {} : { EncodingType: encodingType }),
    };
  });
}
