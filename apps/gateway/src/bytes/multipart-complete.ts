import { checksumAlgorithms, objectStorage, s3Error, type Checksum } from '@coffer/contracts';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { checksumMember } from '../checksums/algorithms.ts';
import { validValue } from '../checksums/declared.ts';
import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { quoted, refuseUnsupportedConditions, unquoted, unquotedCondition } from './etag.ts';

registerFailpoints(
  'gateway.complete-multipart-upload.before-commit',
  'gateway.complete-multipart-upload.before-answer',
);

/** Makes the parts one object. What belongs together, and in which order, the owner checks. */
export async function completeMultipartUpload(exchange: Exchange, gateway: Gateway): Promise<Answer> {
  const { incoming, route, input } = exchange;
  const key = route.key as string;
  const uploadId = route.query.get('uploadId') ?? '';
  refuseUnsupportedConditions(input);
  const conditions = unquotedCondition(input);
  const checksumType = checksumMode(input);
  const checksum = wholeChecksum(input);
  const parts = readParts(input);
  const objectSize = input['MpuObjectSize'] as number | undefined;
  failpoint('gateway.complete-multipart-upload.before-commit');
  const done = await exchange.deciding(
    (current) =>
      gateway.bus.call(objectStorage.completeUpload, {
        revision: current.context.revision,
        caller: exchange.caller,
        time: incoming.time,
        key,
        uploadId,
        parts,
        ...(checksum ? { checksum } : {}),
        ...(checksumType ? { checksumType } : {}),
        ...(objectSize === undefined ? {} : { objectSize }),
        ...(conditions ? { conditions } : {}),
        draft: exchange.draft(),
      }),
    { sealed: true },
  );
  failpoint('gateway.complete-multipart-upload.before-answer');
  gateway.uploads.forget(uploadId);
  return {
    output: {
      Location: `${incoming.secure ? 'https' : 'http'}://${incoming.host ?? 'localhost'}/${route.bucket}/${encodeURIComponent(key)}`,
      Bucket: route.bucket,
      Key: key,
      ETag: quoted(done.etag),
      VersionId: done.versionId,
      ServerSideEncryption: 'AES256',
      ...(done.checksum
        ? { [checksumMember(done.checksum.algorithm)]: done.checksum.value, ChecksumType: done.checksum.type }
        : {}),
    },
    facts: {
      objectSize: done.size,
      ...(done.versionId === undefined ? {} : { versionId: done.versionId }),
    },
  };
}

/** A completion that names no part at all. */
export function noParts(): Error {
  return s3Error('InvalidRequest', {}, { message: 'You must specify at least one part' });
}

type Part = { partNumber: number; etag?: string; checksum?: { algorithm: string; value: string } };

function readParts(input: Record<string, unknown>): Part[] {
  const list = (input['MultipartUpload'] as { Parts?: Record<string, unknown>[] } | undefined)?.Parts ?? [];
  if (list.length === 0) throw noParts();
  if (list.length > 10_000)
    throw s3Error('InvalidArgument', {}, { message: 'Part number must be an integer between 1 and 10000, inclusive' });
  return list.map((item) => {
    const partNumber = item['PartNumber'];
    if (typeof partNumber !== 'number') throw s3Error('MalformedXML');
    const algorithm = checksumAlgorithms.find((name) => item[checksumMember(name)] !== undefined);
    return {
      partNumber,
      ...(typeof item['ETag'] === 'string' ? { etag: unquoted(item['ETag']) } : {}),
      ...(algorithm ? { checksum: { algorithm, value: String(item[checksumMember(algorithm)]) } } : {}),
    };
  });
}

/** The checksum mode that the client believes the upload to have. */
function checksumMode(input: Record<string, unknown>): Checksum['type'] | undefined {
  const type = input['ChecksumType'];
  if (type === undefined || type === 'COMPOSITE' || type === 'FULL_OBJECT') return type;
  throw s3Error('InvalidRequest', {}, { message: 'Value for x-amz-checksum-type header is invalid.' });
}

/** The client's own claim about the whole object, in a header of the request. */
function wholeChecksum(input: Record<string, unknown>): { algorithm: string; value: string } | undefined {
  const named = checksumAlgorithms.filter((name) => input[checksumMember(name)] !== undefined);
  const [algorithm] = named;
  if (algorithm === undefined) return undefined;
  if (named.length > 1) {
    throw s3Error(
      'InvalidRequest',
      {},
      {
        message: 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
      },
    );
  }
  const value = String(input[checksumMember(algorithm)]);
  const composite = input['ChecksumType'] === 'COMPOSITE' || /-\d+$/.test(value);
  return {
    algorithm,
    value: composite ? value : validValue(algorithm, value),
  };
}
