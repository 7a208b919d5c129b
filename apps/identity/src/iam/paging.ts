import type { Forwarded } from '@coffer/contracts';
import { validationError } from './errors.ts';
import { constraint, optionalText } from './input.ts';

const DEFAULT_ITEMS = 100;
const MAX_ITEMS = 1_000;
const MAX_MARKER = 320;

/** Which page of a listing is asked for. */
export interface Page {
  /** Only what comes after this name; empty for the first page. */
  readonly after: string;
  readonly maxItems: number;
}

/** @throws Fault `ValidationError` */
export function pageOf(input: Forwarded['input']): Page {
  const maxItems = input['MaxItems'] ?? DEFAULT_ITEMS;
  if (typeof maxItems !== 'number' || !Number.isInteger(maxItems) || maxItems < 1) {
    const shown = typeof maxItems === 'number' ? maxItems : undefined;
    throw constraint(shown, 'MaxItems', 'Member must have value greater than or equal to 1');
  }
  if (maxItems > MAX_ITEMS) {
    throw constraint(maxItems, 'MaxItems', `Member must have value less than or equal to ${MAX_ITEMS}`);
  }
  const marker = optionalText(input, 'Marker', MAX_MARKER);
  return { after: marker === undefined ? '' : readMarker(marker), maxItems };
}

/**
 * Cuts the page out of up to `maxItems + 1` rows, and says where the next one begins.
 * @param nameOf the name by which the listing is ordered.
 */
export function cutPage<Row>(
  page: Page,
  rows: readonly Row[],
  nameOf: (row: Row) => string,
): { rows: Row[]; rest: { IsTruncated: boolean; Marker?: string } } {
  const shown = rows.slice(0, page.maxItems);
  const last = shown.at(-1);
  if (rows.length === shown.length || last === undefined) return { rows: shown, rest: { IsTruncated: false } };
  return { rows: shown, rest: { IsTruncated: true, Marker: Buffer.from(nameOf(last), 'ascii').toString('base64url') } };
}

function readMarker(marker: string): string {
  const name = Buffer.from(marker, 'base64url').toString('ascii');
  const canonical = Buffer.from(name, 'ascii').toString('base64url') === marker;
  if (canonical && /^[!-~]+$/.test(name)) return name;
  throw validationError('Invalid Marker.');
}
