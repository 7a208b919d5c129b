import { s3Error } from '@coffer/contracts';
import { isBelowMaximum, successor } from './successor.ts';

/** Longer than any key (1,024 bytes) and made of the last character there is: behind every key. */
const BEHIND_ALL = '\u{10FFFF}'.repeat(257);
const MAX_ARGUMENT_BYTES = 1024;

export interface ListingRange {
  /** First key that may appear. */
  from: string;
  /** First key that may not. */
  upper: string;
  /** In characters as Postgres counts them. */
  prefixLength: number;
  delimiter: string | null;
  delimiterNext: string | null;
}

function reject(name: string, value: string): never {
  throw s3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value.slice(0, 64) });
}

/** @throws Fault InvalidArgument when the text cannot be part of a key */
export function checkKeyText(name: string, value: string | undefined): void {
  if (value === undefined) return;
  if (value.includes('\0') || !value.isWellFormed() || Buffer.byteLength(value) > MAX_ARGUMENT_BYTES)
    reject(name, value);
}

export function characters(value: string): number {
  let length = 0;
  for (const _ of value) length += 1;
  return length;
}

/** The string right behind this one: no NUL can be in a key, so U+0001 is the smallest continuation. */
export function rightBehind(key: string): string {
  return `${key}\u0001`;
}

/** The first string behind everything that starts with `start`. */
export function behindPrefix(start: string): string {
  return successor(start) ?? BEHIND_ALL;
}

/**
 * What a listing goes over. `from` is moved to the prefix when it lies before it.
 * @param from the first key to consider, or nothing
 */
export function listingRange(prefix: string, delimiter: string | undefined, from: string | undefined): ListingRange {
  checkKeyText('prefix', prefix);
  checkKeyText('delimiter', delimiter);
  const separator = delimiter === undefined || delimiter === '' ? null : delimiter;
  if (separator !== null && !isBelowMaximum(separator)) reject('delimiter', separator);
  return {
    from: from === undefined || Buffer.compare(Buffer.from(from), Buffer.from(prefix)) < 0 ? prefix : from,
    upper: prefix === '' ? BEHIND_ALL : behindPrefix(prefix),
    prefixLength: characters(prefix),
    delimiter: separator,
    delimiterNext: separator === null ? null : behindPrefix(separator),
  };
}

/**
 * Where a listing goes on after a marker. A marker that is itself a common prefix stands for everything below it; any
 * other stands for itself.
 */
export function afterMarker(marker: string, prefix: string, delimiter: string | undefined): string {
  checkKeyText('marker', marker);
  return delimiter && isCommonPrefix(marker, prefix, delimiter) ? behindPrefix(marker) : rightBehind(marker);
}

export function isCommonPrefix(marker: string, prefix: string, delimiter: string): boolean {
  if (!marker.startsWith(prefix)) return false;
  const at = marker.indexOf(delimiter, prefix.length);
  return at >= 0 && at + delimiter.length === marker.length;
}
