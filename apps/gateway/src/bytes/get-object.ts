import { s3Error } from '@coffer/contracts';
import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { checkReadConditions } from './conditions.ts';
import { refuseEncryptionOfRead } from './encryption-headers.ts';
import { unquoted } from './etag.ts';
import { findVersion, wantedBytes, type Located } from './find-version.ts';
import { objectHeaders, objectOutput, type Shown } from './object-headers.ts';
import { resolveRange } from './range.ts';
import { readBesideRow, readVersion } from './read-version.ts';

/** A read of up to this many bytes is recorded whole before its first byte; a longer one is opened and closed. */
const BRIEF_BYTES = 64 * 1024;

/** One `locate`, then bytes straight from where they lie, opened on the way. */
export async function getObject(exchange: Exchange, gateway: Gateway): Promise<Answer> {
  const wanted = wantedBytes(exchange);
  const located = await findVersion(exchange, gateway, { want: 'bytes', ...wanted });
  const { version, segments } = located;
  refuseEncryptionOfRead(exchange.incoming.headers);
  checkReadConditions(readConditions(exchange), version);
  const shown = shownBytes(exchange, located);
  const request = {
    context: exchange.bucket().context,
    version,
    segments,
    range: shown.range,
    signal: exchange.incoming.gone,
  };
  const bytes = await readBesideRow(gateway, request);
  const length = shown.range ? shown.range.end - shown.range.start + 1 : 0;
  return {
    ...(shown.partial ? { status: 206 } : {}),
    output: objectOutput(exchange, version, shown),
    headers: objectHeaders(exchange, version),
    ...(bytes ? { bytes } : { stream: await readVersion(gateway, request), length, brief: length <= BRIEF_BYTES }),
    facts: { objectSize: version.size, versionId: version.versionId },
  };
}

/** The same answer as GetObject's, without bytes. */
export async function headObject(exchange: Exchange, gateway: Gateway): Promise<Answer> {
  const wanted = wantedBytes(exchange);
  const located = await findVersion(exchange, gateway, { want: 'facts', ...wanted });
  const { version } = located;
  refuseEncryptionOfRead(exchange.incoming.headers);
  checkReadConditions(readConditions(exchange), version);
  const shown = shownBytes(exchange, located);
  return {
    ...(shown.partial ? { status: 206 } : {}),
    output: objectOutput(exchange, version, shown),
    headers: objectHeaders(exchange, version),
    facts: { objectSize: version.size, versionId: version.versionId },
  };
}

function readConditions({ input }: Exchange) {
  return {
    ifMatch: input['IfMatch'] as string | undefined,
    ifNoneMatch: input['IfNoneMatch'] as string | undefined,
    ifModifiedSince: input['IfModifiedSince'] as Date | undefined,
    ifUnmodifiedSince: input['IfUnmodifiedSince'] as Date | undefined,
  };
}

function shownBytes(exchange: Exchange, { version, part }: Located): Shown {
  const { range: spec, partNumber } = wantedBytes(exchange);
  if (partNumber !== undefined) {
    if (!part) {
      throw s3Error('InvalidPartNumber', {
        ActualPartCount: String(version.partsCount ?? 1),
        PartNumberRequested: String(partNumber),
      });
    }
    const range = part.size > 0 ? { start: part.offset, end: part.offset + part.size - 1 } : undefined;
    return { range, partial: true, partsCount: version.partsCount };
  }
  const asked = spec && rangeCounts(exchange, version) ? spec : undefined;
  if (!asked) return { range: version.size > 0 ? { start: 0, end: version.size - 1 } : undefined, partial: false };
  return { range: resolveRange(asked, version.size, String(exchange.incoming.headers.range)), partial: true };
}

/** If-Range: a range counts only while the object is still the one that the client has the rest of (RFC 9110, 13.1.5). */
function rangeCounts({ incoming }: Exchange, version: Located['version']): boolean {
  const header = incoming.headers['if-range'];
  if (typeof header !== 'string') return true;
  if (header.includes('"')) return !header.startsWith('W/') && unquoted(header) === version.etag;
  return Date.parse(header) === Math.floor(version.lastModified / 1000) * 1000;
}
