import { s3Error } from '@coffer/contracts';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { checksumMember } from '../checksums/algorithms.ts';
import { DigestStream } from '../checksums/digest-stream.ts';
import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { findSource, noteSource } from './copy-source.ts';
import { refuseKeyOfPart } from './encryption-headers.ts';
import { quoted } from './etag.ts';
import type { ByteRange } from './range.ts';
import { pourInto } from './plain-stream.ts';
import { readVersion } from './read-version.ts';
import { MAX_UPLOAD } from './receive.ts';
import { refuseAnonymous } from './stored-headers.ts';
import { sealInto } from './seal-into.ts';
import { commitPart, partAlgorithm, partOf } from './upload-part.ts';

registerFailpoints('gateway.upload-part-copy.before-commit', 'gateway.upload-part-copy.before-answer');

/** A part whose bytes come from an object that is already here, whole or a range of it. */
export async function uploadPartCopy(exchange: Exchange, gateway: Gateway): Promise<Answer> {
  const key = exchange.route.key as string;
  refuseAnonymous(exchange);
  const { partNumber, uploadId } = partOf(exchange);
  const upload = await gateway.uploads.find(exchange, key, uploadId);
  refuseKeyOfPart(exchange.incoming.headers);
  const asked = parseSourceRange(exchange.incoming.headers['x-amz-copy-source-range'] as string | undefined);
  const source = await findSource(exchange, gateway, asked && { offset: asked.start });
  const { version, segments } = source.located;
  const range = asked ?? (version.size > 0 ? { start: 0, end: version.size - 1 } : undefined);
  if (range && range.end >= version.size) {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: `bytes=${range.start}-${range.end}` },
      {
        message: `Range specified is not valid for source object of size: ${version.size}`,
      },
    );
  }
  const size = range ? range.end - range.start + 1 : 0;
  if (size > MAX_UPLOAD) {
    throw s3Error(
      'InvalidRequest',
      {},
      {
        message: `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_UPLOAD}`,
      },
    );
  }
  const algorithm = partAlgorithm(upload);
  const dataKey = await gateway.keys.dataKey(exchange.bucket().context, upload.encryption, upload);
  try {
    const plain = await readVersion(gateway, {
      context: source.at.context,
      version,
      segments,
      range,
      signal: exchange.incoming.gone,
    });
    const digest = await DigestStream.of(['MD5', algorithm], size, gateway.digests);
    const { body, values } = await digest.over(
      sealInto(gateway, { dataKey, ...upload }, size, [digest], (sink) => pourInto(sink, plain)),
    );
    const etag = (values.get('MD5') as Buffer).toString('hex');
    const checksum = { algorithm, value: (values.get(algorithm) as Buffer).toString('base64') };
    noteSource(exchange, source, version.size);
    failpoint('gateway.upload-part-copy.before-commit');
    const done = await commitPart(exchange, gateway, { partNumber, uploadId, body, size, etag, checksum });
    failpoint('gateway.upload-part-copy.before-answer');
    return {
      output: {
        CopyPartResult: {
          ETag: quoted(etag),
          LastModified: new Date(done.lastModified),
          ...(upload.checksum ? { [checksumMember(algorithm)]: checksum.value } : {}),
        },
        ServerSideEncryption: upload.encryption.mode,
        ...(source.at.context.versioning === 'unversioned' ? {} : { CopySourceVersionId: version.versionId }),
      },
      facts: { objectSize: size },
    };
  } finally {
    dataKey.fill(0);
  }
}

function parseSourceRange(header: string | undefined): ByteRange | undefined {
  if (header === undefined) return undefined;
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header);
  const range = match ? { start: Number(match[1]), end: Number(match[2]) } : undefined;
  if (!range || range.end < range.start) {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header.slice(0, 128) },
      {
        message:
          'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      },
    );
  }
  return range;
}
