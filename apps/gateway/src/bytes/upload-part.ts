import {
  isChecksumAlgorithm,
  objectStorage,
  s3Error,
  type Body,
  type ChecksumAlgorithm,
  type UploadFacts,
} from '@coffer/contracts';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { checksumMember } from '../checksums/algorithms.ts';
import { declaredChecksum } from '../checksums/declared.ts';
import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { refuseKeyOfPart } from './encryption-headers.ts';
import { quoted } from './etag.ts';
import { isRefusal } from './commit-version.ts';
import { DEFAULT_CHECKSUM } from './put-object.ts';
import { receive } from './receive.ts';
import { discard } from './seal-into.ts';

registerFailpoints('gateway.upload-part.before-commit', 'gateway.upload-part.before-answer');

/** Takes in one part, sealed under the upload's data key with a blob id of its own. */
export async function uploadPart(exchange: Exchange, gateway: Gateway): Promise<Answer> {
  const key = exchange.route.key as string;
  const { partNumber, uploadId } = partOf(exchange);
  const upload = await gateway.uploads.find(exchange, key, uploadId);
  refuseKeyOfPart(exchange.incoming.headers);
  const kept = partAlgorithm(upload);
  refuseOtherAlgorithm(upload, declaredChecksum(exchange.incoming.headers)?.algorithm);
  const dataKey = await gateway.keys.dataKey(exchange.bucket().context, upload.encryption, upload);
  try {
    const target = { dataKey, ...upload };
    const received = await receive(exchange, gateway, target, (declared) => (declared === kept ? [] : [kept]));
    const value = received.checksums.get(kept) as string;
    failpoint('gateway.upload-part.before-commit');
    await commitPart(exchange, gateway, {
      partNumber,
      uploadId,
      ...received,
      etag: received.md5,
      checksum: { algorithm: kept, value },
    });
    failpoint('gateway.upload-part.before-answer');
    const shown = received.declared ?? (upload.checksum ? kept : undefined);
    return {
      output: {
        ETag: quoted(received.md5),
        ServerSideEncryption: upload.encryption.mode,
        ...(shown ? { [checksumMember(shown)]: received.checksums.get(shown) } : {}),
      },
      facts: { objectSize: received.size, bytesReceived: received.size },
    };
  } finally {
    dataKey.fill(0);
  }
}

export interface PartToCommit {
  readonly partNumber: number;
  readonly uploadId: string;
  readonly body: Body;
  readonly size: number;
  readonly etag: string;
  readonly checksum: { algorithm: string; value: string };
}

/** Makes a sealed part belong to its upload; bytes of a refused part are let go. */
export async function commitPart(
  exchange: Exchange,
  gateway: Gateway,
  part: PartToCommit,
): Promise<{ lastModified: number }> {
  try {
    return await exchange.deciding(
      (current) =>
        gateway.bus.call(objectStorage.commitPart, {
          revision: current.context.revision,
          caller: exchange.caller,
          time: exchange.incoming.time,
          key: exchange.route.key as string,
          uploadId: part.uploadId,
          partNumber: part.partNumber,
          body: part.body,
          size: part.size,
          etag: part.etag,
          checksum: part.checksum,
          draft: exchange.draft({ objectSize: part.size }),
        }),
      { sealed: true },
    );
  } catch (error) {
    if (isRefusal(error)) {
      discard(gateway, part.body);
      gateway.uploads.forget(part.uploadId);
    }
    throw error;
  }
}

/** Part number and upload id of the request's query. */
export function partOf({ route }: Exchange): { partNumber: number; uploadId: string } {
  const text = route.query.get('partNumber') ?? '';
  const partNumber = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (partNumber < 1 || partNumber > 10_000) {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: 'partNumber', ArgumentValue: text.slice(0, 64) },
      {
        message: 'Part number must be an integer between 1 and 10000, inclusive',
      },
    );
  }
  return { partNumber, uploadId: route.query.get('uploadId') ?? '' };
}

/** The algorithm under which every part of an upload is counted, so that its whole can be told at the end. */
export function partAlgorithm(upload: UploadFacts): ChecksumAlgorithm {
  const named = upload.checksum?.algorithm;
  return named !== undefined && isChecksumAlgorithm(named) ? named : DEFAULT_CHECKSUM;
}

function refuseOtherAlgorithm(upload: UploadFacts, declared: ChecksumAlgorithm | undefined): void {
  if (upload.checksum && declared && declared !== upload.checksum.algorithm) {
    throw s3Error(
      'InvalidRequest',
      {},
      {
        message: `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm.toLowerCase()}, actual checksum Type: ${declared.toLowerCase()}`,
      },
    );
  }
}
