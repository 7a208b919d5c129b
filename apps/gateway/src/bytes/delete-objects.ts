import { Fault, objectStorage, s3Error, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { objectArn } from '../operations/operation.ts';
import { unquoted } from './etag.ts';

type Entry = RequestOf<typeof objectStorage.deleteVersions>['entries'][number];
type Result = ReplyOf<typeof objectStorage.deleteVersions>['results'][number];

registerFailpoints('gateway.delete.before-call', 'gateway.delete.before-answer');

const MAX_ENTRIES = 1000;

export const deleteAction = (versioned: boolean): string => (versioned ? 's3:DeleteObjectVersion' : 's3:DeleteObject');

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
  const entries = objects.map(readEntry);
  // Decided anew when the bucket's configuration moved meanwhile, so what is allowed is known only after the call.
  let refused = new Map<number, string>();
  const done = await send(exchange, gateway, async () => {
    refused = new Map();
    const allowed: Entry[] = [];
    for (const [index, entry] of entries.entries()) {
      const verdict = await exchange.judge([
        { action: deleteAction(entry.versionId !== undefined), resource: objectArn(route.bucket as string, entry.key) },
      ]);
      if (verdict.allowed) allowed.push(entry);
      else refused.set(index, verdict.message);
    }
    return allowed;
  });
  const deleted: Record<string, unknown>[] = [];
  const errors: Record<string, unknown>[] = [];
  let next = 0;
  for (const [index, entry] of entries.entries()) {
    const refusal = refused.get(index);
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

function readEntry(object: Record<string, unknown>): Entry {
  const key = object['Key'];
  if (typeof key !== 'string' || key === '') throw s3Error('MalformedXML');
  if (Buffer.byteLength(key) > 1024) throw s3Error('KeyTooLongError', { Size: String(Buffer.byteLength(key)), MaxSizeAllowed: '1024' });
  const versionId = object['VersionId'];
  const etag = object['IfMatch'] ?? object['ETag'];
  const size = object['IfMatchSize'] ?? object['Size'];
  const modified = object['IfMatchLastModifiedTime'] ?? object['LastModifiedTime'];
  return {
    key,
    ...(typeof versionId === 'string' && versionId !== '' ? { versionId } : {}),
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
  const bypass = headers['x-amz-bypass-governance-retention'];
  if (bypass !== undefined && !exchange.bucket().context.protected) {
    throw s3Error('InvalidArgument', { ArgumentName: 'x-amz-bypass-governance-retention', ArgumentValue: String(bypass) }, {
      message: 'x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.',
    });
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
