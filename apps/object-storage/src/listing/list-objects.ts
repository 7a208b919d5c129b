import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import type { Deps } from '../deps.ts';
import { readContents } from '../shared/forwarded.ts';
import { count, text } from '../shared/input.ts';
import { encoder } from './encode.ts';
import { objectsPage } from './list-objects-page.ts';
import { commonPrefixOf, contentOf } from './object-entry.ts';
import { afterMarker, listingRange } from './range.ts';

const MAX_KEYS = 1000;

/** Version 1: markers are keys in clear, owners are always shown, NextMarker only where a delimiter was given. */
export function listObjects(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readContents(deps, message, async (tx, bucket) => {
    const { input } = message;
    const prefix = text(input, 'Prefix') ?? '';
    const delimiter = text(input, 'Delimiter');
    const marker = text(input, 'Marker') ?? '';
    const encodingType = text(input, 'EncodingType');
    const encode = encoder(encodingType);
    const most = count(input, 'MaxKeys', 'max-keys', MAX_KEYS);
    const from = marker === '' ? undefined : afterMarker(marker, prefix, delimiter);
    const page = await objectsPage(tx, bucket.bucket_id, listingRange(prefix, delimiter, from), most);
    const last = page.entries.at(-1);
    return {
      Name: bucket.name,
      Prefix: encode(prefix),
      Marker: encode(marker),
      MaxKeys: most,
      IsTruncated: page.truncated,
      Contents: page.entries.filter((entry) => !entry.is_prefix).map((entry) => contentOf(entry, encode, true)),
      CommonPrefixes: page.entries.filter((entry) => entry.is_prefix).map((entry) => commonPrefixOf(entry, encode)),
      ...(delimiter ? { Delimiter: encode(delimiter) } : {}),
      ...(page.truncated && delimiter && last ? { NextMarker: encode(last.entry) } : {}),
      ...(encodingType === undefined ? {} : { EncodingType: encodingType }),
    };
  });
}
