import { randomFillSync } from 'node:crypto';

const SHAPE = /^(\d{4})(\d{2})(\d{2})(\d{2})-[0-9a-v]{26}$/;
const ALPHABET = '0123456789abcdefghijklmnopqrstuv';
const RANDOM_LENGTH = 26;

/** Random bytes for many ids, drawn at once: a draw costs more than the rest of an id. */
const stock = Buffer.alloc(128 * RANDOM_LENGTH);
let used = stock.length;

function randomText(): string {
  if (used === stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  let text = '';
  for (const end = used + RANDOM_LENGTH; used < end; used += 1) text += ALPHABET.charAt(stock[used]! & 31);
  return text;
}

/**
 * A fresh blob id: the UTC hour (`yyyymmddhh`), a hyphen, 130 random bits as 26 characters of `0-9a-v`. Ids sort by the
 * hour in which they were made, so the collector finds old blobs without reading their metadata.
 */
export function newBlobId(now: Date = new Date()): string {
  const hour = now.toISOString().replaceAll(/[-T]/g, '').slice(0, 10);
  const id = `${hour}-${randomText()}`;
  if (!SHAPE.test(id)) throw new RangeError('A blob id needs a time between the years 0 and 9999.');
  return id;
}

/** Whether a text is a blob id. Adapters build paths and names from ids and accept nothing else. */
export function isBlobId(id: string): boolean {
  return hourOf(id) !== undefined;
}

/**
 * The start of the hour in which the id was made.
 *
 * @throws TypeError when it is not a blob id.
 */
export function blobIdTime(id: string): Date {
  const hour = hourOf(id);
  if (!hour) throw notABlobId();
  return hour;
}

/** @throws TypeError when it is not a blob id. The text is not repeated in the message. */
export function assertBlobId(id: string): void {
  if (!isBlobId(id)) throw notABlobId();
}

function hourOf(id: string): Date | undefined {
  const match = typeof id === 'string' ? SHAPE.exec(id) : null;
  if (!match) return undefined;
  const text = `${match[1]}-${match[2]}-${match[3]}T${match[4]}:00:00.000Z`;
  const hour = new Date(text);
  // A date that does not exist (31 February) is either invalid or moved to another day.
  return !Number.isNaN(hour.getTime()) && hour.toISOString() === text ? hour : undefined;
}

function notABlobId(): TypeError {
  return new TypeError('This is not a blob id.');
}
