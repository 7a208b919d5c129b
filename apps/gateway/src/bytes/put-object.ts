import { randomUUID } from 'node:crypto';
import type { Checksum, ChecksumAlgorithm } from '@coffer/contracts';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { checksumMember } from '../checksums/algorithms.ts';
import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { commitVersion } from './commit-version.ts';
import { quoted } from './etag.ts';
import { receive } from './receive.ts';
import { headerTags, refuseUnsupported, storedHeaders } from './stored-headers.ts';

registerFailpoints(
  'gateway.put-object.before-seal',
  'gateway.put-object.before-commit',
  'gateway.put-object.before-answer',
);

/** What S3 computes for an object whose writer announced no checksum. */
export const DEFAULT_CHECKSUM: ChecksumAlgorithm = 'CRC64NVME';

/** Streams the body, sealed, to where it will lie; then one `commit` makes it visible. */
export async function putObject(exchange: Exchange, gateway: Gateway): Promise<Answer> {
  const { incoming, route, input } = exchange;
  const key = route.key as string;
  const bucket = exchange.bucket();
  refuseUnsupported(exchange, bucket);
  const headers = storedHeaders(incoming.headers);
  const tags = headerTags(input['Tagging'] as string | undefined);
  const internalVersionId = randomUUID();
  const { dataKey, encryption } = await gateway.keys.newDataKey(bucket, { key, internalVersionId });
  try {
    const target = { dataKey, bucketId: bucket.context.bucketId, key, internalVersionId };
    failpoint('gateway.put-object.before-seal');
    const received = await receive(exchange, gateway, target, (declared) => (declared ? [] : [DEFAULT_CHECKSUM]));
    failpoint('gateway.put-object.before-commit');
    const algorithm = received.declared ?? DEFAULT_CHECKSUM;
    const checksum: Checksum = { algorithm, value: received.checksums.get(algorithm) as string, type: 'FULL_OBJECT' };
    const done = await commitVersion(exchange, gateway, {
      internalVersionId,
      body: received.body,
      size: received.size,
      etag: received.md5,
      headers,
      metadata: (input['Metadata'] as Record<string, string> | undefined) ?? {},
      tags,
      checksum,
      encryption,
    });
    failpoint('gateway.put-object.before-answer');
    return {
      output: {
        ETag: quoted(done.etag),
        VersionId: done.versionId,
        ServerSideEncryption: encryption.mode,
        [checksumMember(checksum.algorithm)]: checksum.value,
        ChecksumType: checksum.type,
      },
      facts: {
        objectSize: received.size,
        bytesReceived: received.size,
        ...(done.versionId === undefined ? {} : { versionId: done.versionId }),
      },
    };
  } finally {
    dataKey.fill(0);
  }
}
