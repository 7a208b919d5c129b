import { limits } from '../limits.ts';
import type { Api } from '../api.ts';
import { ScalarError, scalarKind, scalarReader } from '../scalar.ts';
import type { Member } from '../schema.ts';
import type { RequestHeaders, Route } from '../routing/types.ts';
import { invalidArgument, WireError } from '../wire-error.ts';
import { receivedText, splitList } from './header-text.ts';

type Into = Record<string, unknown>;
/** Reads one member from the request line or the headers, if it is there. */
export type Binder = (route: Route, headers: RequestHeaders, into: Into) => void;

const INT32 = 0x7fff_ffff;

function numberMessage(name: string): string {
  return name === 'partNumber'
    ? 'Part number must be an integer between 1 and 10000, inclusive'
    : `Provided ${name} not an integer or within integer range`;
}

function headerValue(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined) return undefined;
  return receivedText(Array.isArray(value) ? value.join(', ') : value);
}

/** A reader of scalar text that refuses with InvalidArgument under the wire name. */
function compileText(member: Member, name: string, api: Api, place: 'query' | 'header'): (text: string) => unknown {
  const schema = member.schema.isListSchema() ? member.schema.getValueSchema() : member.schema;
  const kind = scalarKind(schema) ?? 'string';
  const read = scalarReader(kind, api === 's3' || api === 's3-control' ? 'integer' : 'decimal');
  const refuse = (text: string): WireError =>
    invalidArgument(kind === 'number' ? numberMessage(name) : `Invalid value for ${name}`, name, text, api);
  return (text) => {
    try {
      const value = read(text);
      if (place === 'query' && typeof value === 'number' && Math.abs(value) > INT32) throw refuse(text);
      return value;
    } catch (error) {
      throw error instanceof ScalarError ? refuse(text) : error;
    }
  };
}

function bindHeader(member: Member, header: string, api: Api): Binder {
  const lower = header.toLowerCase();
  const read = compileText(member, lower, api, 'header');
  if (member.schema.isListSchema()) {
    return (_route, headers, into) => {
      const value = headerValue(headers, lower);
      if (value !== undefined) into[member.name] = splitList(value).map(read);
    };
  }
  // RFC 9110 has a recipient ignore a date it cannot read in If-Modified-Since and its kin, and S3 does so for Expires.
  const lenient = scalarKind(member.schema) === 'timestamp' && !lower.startsWith('x-amz-');
  return (_route, headers, into) => {
    const value = headerValue(headers, lower);
    if (value === undefined) return;
    try {
      into[member.name] = read(value);
    } catch (error) {
      if (!lenient) throw error;
    }
  };
}

function bindPrefix(member: Member, prefix: string, api: Api): Binder {
  const lower = prefix.toLowerCase();
  return (_route, headers, into) => {
    let found: Record<string, string> | undefined;
    let size = 0;
    for (const name in headers) {
      if (!name.startsWith(lower)) continue;
      const value = headerValue(headers, name) ?? '';
      found ??= Object.create(null) as Record<string, string>;
      found[name.slice(lower.length)] = value;
      size += name.length - lower.length + Buffer.byteLength(value);
    }
    if (size > limits.metadata) {
      throw new WireError('MetadataTooLarge', {
        extras: { Size: String(size), MaxSizeAllowed: String(limits.metadata) },
        api,
      });
    }
    if (found) into[member.name] = found;
  };
}

function bindQuery(member: Member, name: string, api: Api): Binder {
  const read = compileText(member, name, api, 'query');
  if (member.schema.isListSchema()) {
    return (route, _headers, into) => {
      const values = route.pairs.filter(([key]) => key === name);
      if (values.length > 0) into[member.name] = values.map(([, value]) => read(value));
    };
  }
  return (route, _headers, into) => {
    const value = route.query.get(name);
    if (value !== undefined) into[member.name] = read(value);
  };
}

function bindLabel(member: Member, api: Api): Binder {
  if (api === 's3' && member.name === 'Bucket') {
    return (route, _headers, into) => {
      if (route.bucket !== undefined) into[member.name] = route.bucket;
    };
  }
  if (api === 's3' && member.name === 'Key') {
    return (route, _headers, into) => {
      if (route.key === undefined) return;
      const size = Buffer.byteLength(route.key);
      if (size > limits.key) {
        throw new WireError('KeyTooLongError', {
          extras: { Size: String(size), MaxSizeAllowed: String(limits.key) },
        });
      }
      into[member.name] = route.key;
    };
  }
  const read = compileText(member, member.name, api, 'query');
  return (route, _headers, into) => {
    const value = route.labels.get(member.name);
    if (value !== undefined) into[member.name] = read(value);
  };
}

/** Binders of every member that does not travel in the body. Throws at use: InvalidArgument, KeyTooLongError, MetadataTooLarge. */
export function compileBinders(members: readonly Member[], api: Api): Binder[] {
  const binders: Binder[] = [];
  for (const member of members) {
    const { traits } = member;
    if (traits.httpLabel) binders.push(bindLabel(member, api));
    else if (traits.httpHeader !== undefined) binders.push(bindHeader(member, traits.httpHeader, api));
    else if (traits.httpPrefixHeaders !== undefined) binders.push(bindPrefix(member, traits.httpPrefixHeaders, api));
    else if (traits.httpQuery !== undefined) binders.push(bindQuery(member, traits.httpQuery, api));
  }
  return binders;
}
