import { randomUUID } from 'node:crypto';
import { multipartChecksum, objectStorage, s3Error } from '@coffer/contracts';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { headerTags, refuseAnonymous, refuseUnsupported, storedHeaders } from './stored-headers.ts';

registerFailpoints('gateway.create-multipart-upload.before-answer');

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
  failpoint('gateway.create-multipart-upload.before-answer');
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

function uploadChecksum(input: Record<string, unknown>): ReturnType<typeof multipartChecksum> | undefined {
  const algorithm = input['ChecksumAlgorithm'];
  const type = input['ChecksumType'];
  if (algorithm !== undefined) return multipartChecksum(algorithm, type);
  if (type === undefined) return undefined;
  const message = 'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.';
  throw s3Error('InvalidRequest', {}, { message });
}
