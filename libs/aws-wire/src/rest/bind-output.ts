import { scalarKind, scalarWriter, timestampFormat } from '../scalar.ts';
import type { Member } from '../schema.ts';
import { joinList, sentMetadata, sentText } from './header-text.ts';

export type HeaderBag = Record<string, string | string[]>;
/** Puts one member into the response headers. */
type HeaderWriter = (output: Record<string, unknown>, headers: HeaderBag) => void;

function writeScalarHeader(member: Member, header: string): HeaderWriter {
  const list = member.schema.isListSchema();
  const schema = list ? member.schema.getValueSchema() : member.schema;
  const write = scalarWriter(scalarKind(schema) ?? 'string', timestampFormat(schema, 'http-date'), 'when-needed');
  return (output, headers) => {
    const value = output[member.name];
    if (value == null) return;
    headers[header] = sentText(list ? joinList((value as unknown[]).map(write)) : write(value));
  };
}

function writePrefixHeaders(member: Member, prefix: string): HeaderWriter {
  return (output, headers) => {
    const map = output[member.name];
    if (map == null) return;
    for (const [key, value] of Object.entries(map as Record<string, string>)) {
      headers[`${prefix}${key}`] = sentMetadata(value);
    }
  };
}

/** Compiles the headers of an output. `ExpiresString`, the SDKs' raw form, goes out as `Expires` and wins over it. */
export function compileHeaderWriters(members: readonly Member[]): HeaderWriter[] {
  const writers: HeaderWriter[] = [];
  for (const member of members) {
    const { httpHeader, httpPrefixHeaders } = member.traits;
    if (httpHeader !== undefined) {
      writers.push(writeScalarHeader(member, httpHeader === 'ExpiresString' ? 'Expires' : httpHeader));
    } else if (httpPrefixHeaders !== undefined) {
      writers.push(writePrefixHeaders(member, httpPrefixHeaders));
    }
  }
  return writers;
}
