import { Fault, isFault, objectStorage, s3Error, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import type { Need } from '../authorize/authorize.ts';
import type { Incoming } from '../listen/incoming.ts';
import { objectArn } from '../operations/operation.ts';
import { emptyVersionId } from '../route/version-id.ts';
import { unquoted } from './etag.ts';

type Entry = RequestOf<typeof objectStorage.deleteVersions>['entries'][number];
type Result = ReplyOf<typeof objectStorage.deleteVersions>['results'][number];

registerFailpoints('gateway.delete.before-call', 'gateway.delete.before-answer');

const MAX_ENTRIES = 1000;

const BYPASS = 'x-amz-bypass-governance-retention';

/** The permissions to delete one key, or one version of it. */
export function deleteNeeds(
  bucket: string,
  entry: { readonly key: string; readonly versionId?: string | undefined },
  { headers }: Incoming,
): Need[] {
  const resource = objectArn(bucket, entry.key);
  const extra = new Map([['s3:versionid', entry.versionId]]);
  const action = entry.versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
  return [
    { action, resource, extra },
    ...(headers[BYPASS] === 'true' ? [{ action: 's3:BypassGovernanceRetention', resource, extra }] : []),
  ];
}

/** DELETE of one key, or of one version of it. */
export async function deleteObject(exchange: Exchange, gateway: Gateway): Promise<Answer> {
  const { input, route } = exchange;
  const entry = readEntry({ ...input, Key: route.key, VersionId: route.query.get('versionId') });
  const { results } = await send(exchange, gateway, () => [entry]);
  const result = results[0] as Result;
  if (result.error) {
    const { code, message, status, extras } = result.error;
    throw new Fault(code, message, { status, extras });
  }
  return {
    output: {
      ...(result.deleteMarker ? { DeleteMarker: true } : {}),
      ...(result.versionId === undefined ? {} : { VersionId: result.versionId }),
    },
    facts: result.versionId === undefined ? {} : { versionId: result.versionId },
  };
}

/** Multi-object delete: each key has its own permission, its own result and its own entry in the record. */
export async function deleteObjects(exchange: Exchange, gateway: Gateway): Promise<Answer> {
  const { input, route } = exchange;
  const request = input['Delete'] as { Objects?: Record<string, unknown>[]; Quiet?: boolean } | undefined;
  const objects = request?.Objects ?? [];
  if (objects.length === 0 || objects.length > MAX_ENTRIES) throw s3Error('MalformedXML');
  const entries = objects.map(listedEntry);
  // Decided anew when the bucket's configuration moved meanwhile, so what is allowed is known only after the call.
  let refused = new Map<number, string>();
  const done = await send(exchange, gateway, async () => {
    refused = new Map();
    const allowed: Entry[] = [];
    for (const [index, entry] of entries.entries()) {
      if ('error' in entry) continue;
      const verdict = await exchange.judge(deleteNeeds(route.bucket as string, entry, exchange.incoming));
      if (verdict.allowed) allowed.push(entry);
      else {
        refused.set(index, verdict.message);
        exchange.decided(verdict);
      }
    }
    return allowed;
  });
  const deleted: Record<string, unknown>[] = [];
  const errors: Record<string, unknown>[] = [];
  let next = 0;
  for (const [index, entry] of entries.entries()) {
    const refusal = refused.get(index);
    if ('error' in entry) {
      errors.push({ Key: entry.key, Code: entry.error.code, Message: entry.error.message });
      exchange.note({
        operation: 'DeleteObject',
        bucket: route.bucket,
        key: entry.key,
        status: 400,
        errorCode: entry.error.code,
      });
      continue;
    }
    const named = { Key: entry.key, ...(entry.versionId === undefined ? {} : { VersionId: entry.versionId }) };
    const result: Result =
      refusal === undefined
        ? (done.results[next++] as Result)
        : { error: { code: 'AccessDenied', message: refusal || 'Access Denied', status: 403, extras: {} } };
    if (result.error) errors.push({ ...named, Code: result.error.code, Message: result.error.message });
    else if (!request?.Quiet) deleted.push({ ...named, ...shown(entry, result) });
    exchange.note({
      operation: 'DeleteObject',
      bucket: route.bucket,
      key: entry.key,
      ...(result.versionId === undefined ? {} : { versionId: result.versionId }),
      ...(result.deleteMarker ? { deleteMarker: true } : {}),
      status: result.error?.status ?? 204,
      ...(result.error ? { errorCode: result.error.code } : {}),
    });
  }
  return { output: { Deleted: deleted, Errors: errors } };
}

function shown(entry: Entry, result: Result): Record<string, unknown> {
  if (!result.deleteMarker) return {};
  return { DeleteMarker: true, DeleteMarkerVersionId: entry.versionId ?? result.versionId };
}

/** A key that is too long fails alone; the others are deleted. */
function listedEntry(object: Record<string, unknown>): Entry | { key: string; error: Fault } {
  try {
    return readEntry(object);
  } catch (error) {
    if (isFault(error, 'KeyTooLongError')) return { key: String(object['Key']), error };
    throw error;
  }
}

function readEntry(object: Record<string, unknown>): Entry {
  const key = object['Key'];
  if (typeof key !== 'string' || key === '') throw s3Error('MalformedXML');
  if (Buffer.byteLength(key) > 1024)
    throw s3Error('KeyTooLongError', { Size: String(Buffer.byteLength(key)), MaxSizeAllowed: '1024' });
  const versionId = object['VersionId'];
  if (versionId === '') throw emptyVersionId();
  const etag = object['IfMatch'] ?? object['ETag'];
  const size = object['IfMatchSize'] ?? object['Size'];
  const modified = object['IfMatchLastModifiedTime'] ?? object['LastModifiedTime'];
  return {
    key,
    ...(typeof versionId === 'string' ? { versionId } : {}),
    ...(typeof etag === 'string' ? { ifMatch: unquoted(etag) } : {}),
    ...(typeof size === 'number' ? { ifMatchSize: size } : {}),
    ...(modified instanceof Date ? { ifMatchLastModified: modified.getTime() } : {}),
  };
}

async function send(
  exchange: Exchange,
  gateway: Gateway,
  entriesNow: () => Entry[] | Promise<Entry[]>,
): Promise<ReplyOf<typeof objectStorage.deleteVersions>> {
  const { headers } = exchange.incoming;
  const mfa = headers['x-amz-mfa'];
  const bypass = headers[BYPASS];
  if (bypass !== undefined && !exchange.bucket().context.protected) {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: BYPASS, ArgumentValue: String(bypass) },
      {
        message: 'x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.',
      },
    );
  }
  failpoint('gateway.delete.before-call');
  const done = await exchange.deciding(async (bucket) => {
    const entries = await entriesNow();
    if (entries.length === 0) return { results: [] };
    return gateway.bus.call(objectStorage.deleteVersions, {
      revision: bucket.context.revision,
      caller: exchange.caller,
      time: exchange.incoming.time,
      entries,
      ...(typeof mfa === 'string' ? { mfa } : {}),
      ...(bypass === 'true' ? { bypassGovernance: true } : {}),
      draft: exchange.draft(),
    });
  });
  failpoint('gateway.delete.before-answer');
  return done;
}
