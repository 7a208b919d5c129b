import { operations } from '../api.ts';
import { invalidUri, percentDecode, type Target } from '../percent.ts';
import { membersOf } from '../schema.ts';
import { WireError } from '../wire-error.ts';
import { headerText, type Route, type WireRequest } from './types.ts';

type Level = 'SERVICE' | 'BUCKET' | 'OBJECT';

/** One row of the routing table, from an operation's URI and required members. */
interface Row {
  readonly operation: string;
  /** Query parameters in the URI, with the value they must have; an empty value means any. */
  readonly literals: readonly (readonly [name: string, value: string])[];
  /** Required members in the query string. */
  readonly parameters: readonly string[];
  /** CopyObject and UploadPartCopy differ from their siblings by this header alone. */
  readonly copies: boolean;
}

interface Table {
  readonly rows: ReadonlyMap<string, readonly Row[]>;
  /** Query names that choose an operation: `acl`, `uploads`, …, and `uploadId`. */
  readonly subresources: ReadonlySet<string>;
}

const COPY_SOURCE = 'x-amz-copy-source';
/** Literals that only refine another one, or that every GET may carry. */
const NOT_A_SUBRESOURCE = new Set(['x-id', 'list-type', 'select-type']);

let compiled: Table | undefined;

function compileTable(): Table {
  const rows = new Map<string, Row[]>();
  const subresources = new Set(['uploadId']);
  for (const operation of operations('s3').values()) {
    // Object Lambda's answer goes to a host of its own and is told by its headers, not by this table.
    if (operation.name === 'WriteGetObjectResponse') continue;
    const [path = '', search = ''] = operation.uri.split('?');
    const members = membersOf(operation.input);
    const inBucket = members.some((member) => member.name === 'Bucket' && member.traits.httpLabel);
    const level: Level = path.includes('{Key+}') ? 'OBJECT' : inBucket ? 'BUCKET' : 'SERVICE';
    const literals = [...new URLSearchParams(search)].filter(([name]) => name !== 'x-id');
    for (const [name] of literals) if (!NOT_A_SUBRESOURCE.has(name)) subresources.add(name);
    const row: Row = {
      operation: operation.name,
      literals,
      parameters: members.flatMap((m) => (m.required && m.traits.httpQuery ? [m.traits.httpQuery] : [])),
      copies: members.some((m) => m.required && m.traits.httpHeader === COPY_SOURCE),
    };
    const place = `${operation.method} ${level}`;
    rows.set(place, [...(rows.get(place) ?? []), row]);
  }
  // The most demanding row that fits is the right one.
  const demand = (row: Row): number => row.literals.length + row.parameters.length + (row.copies ? 1 : 0);
  for (const list of rows.values()) list.sort((a, b) => demand(b) - demand(a));
  return { rows, subresources };
}

/** Splits the path into bucket and key; with a virtual host the whole path is the key. */
function locate(path: string, hostBucket: string | undefined): { bucket?: string; key?: string } {
  if (hostBucket !== undefined) {
    const key = percentDecode(path.slice(1), false);
    if (key === undefined) throw invalidUri(path);
    return key === '' ? { bucket: hostBucket } : { bucket: hostBucket, key };
  }
  if (path === '/') return {};
  const slash = path.indexOf('/', 1);
  const bucket = percentDecode(slash < 0 ? path.slice(1) : path.slice(1, slash), false);
  const key = slash < 0 ? '' : percentDecode(path.slice(slash + 1), false);
  if (!bucket || key === undefined) throw invalidUri(path);
  return key === '' ? { bucket } : { bucket, key };
}

const notAllowed = (method: string, level: Level): WireError =>
  new WireError('MethodNotAllowed', { extras: { Method: method, ResourceType: level } });

function fits(row: Row, query: ReadonlyMap<string, string>, copies: boolean): boolean {
  return (
    row.copies === copies &&
    row.parameters.every((name) => query.has(name)) &&
    row.literals.every(([name, value]) => query.has(name) && (value === '' || query.get(name) === value))
  );
}

/** Why no row of a sub-resource fits. */
function refuseSubresource(table: Table, name: string, method: string, level: Level): WireError {
  const rows = table.rows.get(`${method} ${level}`) ?? [];
  const near = rows.find((row) => row.parameters.includes(name) || row.literals.some(([literal]) => literal === name));
  if (near) {
    return new WireError('InvalidRequest', {
      message: `The request lacks a parameter that ${near.operation} requires`,
    });
  }
  if (level !== 'OBJECT') return notAllowed(method, level);
  const elsewhere = [...table.rows].some(
    ([place, list]) =>
      place.endsWith(' OBJECT') && list.some((row) => row.literals.some(([l]) => l === name) || name === 'uploadId'),
  );
  if (elsewhere) return notAllowed(method, level);
  return new WireError('InvalidRequest', { message: `There is no such thing as the ?${name} sub-resource for a key` });
}

function choose(table: Table, request: WireRequest, query: ReadonlyMap<string, string>, level: Level): string {
  const method = request.method;
  const present = [...query.keys()].filter((name) => table.subresources.has(name)).sort();
  const [subresource, second] = present;
  if (subresource !== undefined && second !== undefined) {
    throw new WireError('InvalidArgument', {
      message: `Conflicting query string parameters: ${present.join(', ')}`,
      extras: { ArgumentName: 'ResourceType', ArgumentValue: subresource },
    });
  }
  const copies = method === 'PUT' && level === 'OBJECT' && request.headers[COPY_SOURCE] !== undefined;
  const rows = table.rows.get(`${method} ${level}`) ?? [];
  if (subresource !== undefined) {
    // A header that belongs to copying does not change what ?acl, ?tagging and the like mean.
    const copying = copies && subresource === 'uploadId';
    const row = rows.find(
      (r) => (r.literals.length > 0 || r.parameters.includes('uploadId')) && fits(r, query, copying),
    );
    if (!row) throw refuseSubresource(table, subresource, method, level);
    return tieBreak(rows, row, query);
  }
  if (method === 'PUT' && level === 'OBJECT' && query.has('partNumber')) {
    // Falling through would store a lost part as the object itself.
    throw new WireError('InvalidRequest', { message: 'The request lacks a parameter that UploadPart requires' });
  }
  const row = rows.find((r) => fits(r, query, copies));
  if (row) return tieBreak(rows, row, query);
  if (method === 'POST' && level === 'BUCKET') {
    if (/^multipart\/form-data\b/i.test(headerText(request.headers, 'content-type'))) return 'PostObject';
    throw new WireError('PreconditionFailed', {
      extras: { Condition: 'Bucket POST must be of the enclosure-type multipart/form-data' },
    });
  }
  throw notAllowed(method, level);
}

/** Rows that the request itself cannot tell apart (ListBuckets and ListDirectoryBuckets) are told by the SDK's x-id. */
function tieBreak(rows: readonly Row[], row: Row, query: ReadonlyMap<string, string>): string {
  const id = query.get('x-id');
  if (id === undefined || id === row.operation) return row.operation;
  const same = rows.find(
    (r) =>
      r.operation === id &&
      r.copies === row.copies &&
      r.parameters.join() === row.parameters.join() &&
      r.literals.join() === row.literals.join(),
  );
  return (same ?? row).operation;
}

/** Routes an S3 request; `hostBucket` is the bucket that the host names, if it names one. */
export function routeS3(request: WireRequest, target: Target, hostBucket: string | undefined): Route {
  compiled ??= compileTable();
  const place = locate(target.path, hostBucket);
  const common = {
    api: 's3' as const,
    ...place,
    query: target.query,
    pairs: target.pairs,
    labels: new Map<string, string>(),
    virtualHost: hostBucket !== undefined,
  };
  if (request.method === 'OPTIONS') return { ...common, operation: 'Preflight', isPreflight: true };
  if (isObjectLambdaAnswer(request, target.path)) return { ...common, operation: 'WriteGetObjectResponse' };
  const level: Level = place.key !== undefined ? 'OBJECT' : place.bucket !== undefined ? 'BUCKET' : 'SERVICE';
  return { ...common, operation: choose(compiled, request, target.query, level) };
}

function isObjectLambdaAnswer(request: WireRequest, path: string): boolean {
  return (
    request.method === 'POST' &&
    path === '/WriteGetObjectResponse' &&
    request.headers['x-amz-request-route'] !== undefined
  );
}
