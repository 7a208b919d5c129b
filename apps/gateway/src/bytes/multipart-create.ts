import { randomUUID } from 'node:crypto';
import { objectStorage, s3Error } from '@coffer/contracts';
import { isAlgorithm, type ChecksumAlgorithm } from '../checksums/algorithms.ts';
import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { headerTags, refuseAnonymous, refuseUnsupported, storedHeaders } from './stored-headers.ts';

type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT';

/** Which kinds of whole-object value an algorithm can have; the first is the default. */
const TYPES: Readonly<Record<ChecksumAlgorithm, readonly ChecksumType[]>> = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
  SHA512: ['COMPOSITE'],
  MD5: ['COMPOSITE'],
  XXHASH64: ['COMPOSITE'],
  XXHASH3: ['COMPOSITE'],
  XXHASH128: ['COMPOSITE'],
};

/** Fixes, before any part comes, under which data key and internal version id all parts will be sealed. */
export async function createMultipartUpload(exchange: Exchange, gateway: Gateway): Promise<Answer> {
  const { incoming, route, input } = exchange;
  const key = route.key as string;
  const bucket = exchange.bucket();
  refuseAnonymous(exchange);
  refuseUnsupported(exchange, bucket);
  const checksum = uploadChecksum(input);
  const headers = storedHeaders(incoming.headers);
  const tags = headerTags(input['Tagging'] as string | undefined);
  const internalVersionId = randomUUID();
  const { dataKey, encryption } = await gateway.keys.newDataKey(bucket, { key, internalVersionId });
  dataKey.fill(0);
  const { uploadId } = await exchange.deciding(
    (current) =>
      gateway.bus.call(objectStorage.createUpload, {
        revision: current.context.revision,
        caller: exchange.caller,
        time: incoming.time,
        key,
        internalVersionId,
        headers,
        metadata: (input['Metadata'] as Record<string, string> | undefined) ?? {},
        tags,
        encryption,
        ...(checksum ? { checksum } : {}),
        draft: exchange.draft(),
      }),
    { sealed: true },
  );
  return {
    output: {
      Bucket: route.bucket,
      Key: key,
      UploadId: uploadId,
      ServerSideEncryption: encryption.mode,
      ...(checksum ? { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type } : {}),
    },
  };
}

function uploadChecksum(
  input: Record<string, unknown>,
): { algorithm: ChecksumAlgorithm; type: ChecksumType } | undefined {
  const algorithm = input['ChecksumAlgorithm'];
  const type = input['ChecksumType'];
  if (algorithm === undefined) {
    if (type === undefined) return undefined;
    throw s3Error(
      'InvalidRequest',
      {},
      {
        message: 'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
      },
    );
  }
  if (typeof algorithm !== 'string' || !isAlgorithm(algorithm)) {
    throw s3Error(
      'InvalidRequest',
      {},
      {
        message:
          'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
      },
    );
  }
  const allowed = TYPES[algorithm];
  const chosen = typeof type === 'string' ? type : allowed[0];
  if (!allowed.includes(chosen as ChecksumType)) {
    throw s3Error(
      'InvalidRequest',
      {},
      {
        message: `The ${String(chosen).slice(0, 32)} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
      },
    );
  }
  return { algorithm, type: chosen as ChecksumType };
}
