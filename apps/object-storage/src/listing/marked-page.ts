import type { Sql, Statement } from '@coffer/database';
import { count, text } from '../shared/input.ts';
import { encoder, type Encode } from './encode.ts';
import { commonPrefixOf } from './object-entry.ts';
import type { ListingRange } from './range.ts';

/** What is read of a listing whose place is told by two markers: a key, and an id among those of that key. */
export interface MarkedListing {
  readonly prefix: string;
  readonly delimiter: string | undefined;
  /** Empty when none was given. */
  readonly keyMarker: string;
  readonly encodingType: string | undefined;
  readonly encode: Encode;
  /** Entries at most, common prefixes included. */
  readonly most: number;
}

export interface MarkedEntry {
  entry: string;
  is_prefix: boolean;
}

export interface MarkedPage<Entry extends MarkedEntry> {
  readonly entries: readonly Entry[];
  /** Where the next page goes on; undefined on the last page, and on one that may hold nothing. */
  readonly next: Entry | undefined;
  readonly truncated: boolean;
}

const MAXIMUM = 1000;

/** @throws Fault InvalidArgument when the number of entries is none */
export function markedListing(
  input: Record<string, unknown>,
  limit: { member: 'MaxKeys' | 'MaxUploads'; parameter: string },
): MarkedListing {
  const encodingType = text(input, 'EncodingType');
  return {
    prefix: text(input, 'Prefix') ?? '',
    delimiter: text(input, 'Delimiter'),
    keyMarker: text(input, 'KeyMarker') ?? '',
    encodingType,
    encode: encoder(encodingType),
    most: count(input, limit.member, limit.parameter, MAXIMUM),
  };
}

/** @param behind where to go on within the first key of the range; null at its beginning */
export async function markedPage<Entry extends MarkedEntry>(
  tx: Sql,
  find: Statement,
  bucketId: string,
  range: ListingRange,
  behind: string | number | null,
  most: number,
): Promise<MarkedPage<Entry>> {
  if (most === 0) return { entries: [], next: undefined, truncated: false };
  const rows = await tx.query<Entry>(find, [
    bucketId,
    range.from,
    behind,
    range.upper,
    range.prefixLength,
    range.delimiter,
    range.delimiterNext,
    most + 1,
  ]);
  const entries = rows.slice(0, most);
  const truncated = rows.length > most;
  return { entries, next: truncated ? entries.at(-1) : undefined, truncated };
}

/** The members that such listings share in their answers. */
export function shownPage(listing: MarkedListing, page: MarkedPage<MarkedEntry>): Record<string, unknown> {
  const { encode, delimiter, encodingType } = listing;
  return {
    Prefix: encode(listing.prefix),
    KeyMarker: encode(listing.keyMarker),
    IsTruncated: page.truncated,
    CommonPrefixes: page.entries.filter((entry) => entry.is_prefix).map((entry) => commonPrefixOf(entry, encode)),
    ...(delimiter ? { Delimiter: encode(delimiter) } : {}),
    ...(page.next === undefined ? {} : { NextKeyMarker: encode(page.next.entry) }),
    ...(encodingType === undefined ? {} : { EncodingType: encodingType }),
  };
}
