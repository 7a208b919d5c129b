import type { IncomingHttpHeaders } from 'node:http';
import { s3Error } from '@coffer/contracts';

const METHOD = 'x-amz-server-side-encryption';
const KEY_ID = 'x-amz-server-side-encryption-aws-kms-key-id';

/** Encryption by other keys than S3's own, which is refused by name rather than ignored: silence would look like consent. */
const REFUSED = [
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-server-side-encryption-customer-key',
  'x-amz-server-side-encryption-customer-key-md5',
  KEY_ID,
  'x-amz-server-side-encryption-context',
  'x-amz-server-side-encryption-bucket-key-enabled',
] as const;

const notSupported = (value: unknown) =>
  s3Error(
    'InvalidArgument',
    { ArgumentName: METHOD, ArgumentValue: String(value).slice(0, 1024) },
    { message: 'The encryption method specified is not supported' },
  );

function has(headers: IncomingHttpHeaders, prefix: string): boolean {
  return Object.keys(headers).some((name) => name.startsWith(prefix));
}

/**
 * Of a request that writes an object.
 * @throws S3 error `NotImplemented` for keys of the caller and of KMS, `InvalidArgument` for what is no encryption
 */
export function refuseUnsupportedEncryption(headers: IncomingHttpHeaders): void {
  const method = headers[METHOD];
  const byKms = method === 'aws:kms' || method === 'aws:kms:dsse';
  if (headers[KEY_ID] !== undefined && !byKms) {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: METHOD },
      {
        message: `Server Side Encryption with AWS KMS managed key requires HTTP header ${METHOD} : aws:kms`,
      },
    );
  }
  for (const name of REFUSED) if (headers[name] !== undefined) throw s3Error('NotImplemented', { Header: name });
  if (byKms) throw s3Error('NotImplemented', { Header: METHOD });
  if (method !== undefined && method !== 'AES256') throw notSupported(method);
}

/** Of a part: what its upload was begun with holds. @throws S3 error `InvalidRequest` for a key of the caller */
export function refuseKeyOfPart(headers: IncomingHttpHeaders): void {
  if (!has(headers, `${METHOD}-customer-`)) return;
  throw s3Error(
    'InvalidRequest',
    {},
    {
      message:
        'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.',
    },
  );
}

/**
 * Of a request that reads an object, whose encryption needs no word of the reader.
 * @throws S3 error `InvalidRequest` for a key of the caller, `InvalidArgument` for any other encryption
 */
export function refuseEncryptionOfRead(headers: IncomingHttpHeaders): void {
  refuseKeyOfReader(headers, `${METHOD}-customer-`);
  if (headers[METHOD] !== undefined) {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: METHOD, ArgumentValue: String(headers[METHOD]).slice(0, 1024) },
      { message: `${METHOD} header is not supported for this operation.` },
    );
  }
}

/** Of a copy: no source was sealed under a key of the caller. @throws S3 error `InvalidRequest` */
export function refuseKeyOfSource(headers: IncomingHttpHeaders): void {
  refuseKeyOfReader(headers, 'x-amz-copy-source-server-side-encryption-customer-');
}

function refuseKeyOfReader(headers: IncomingHttpHeaders, prefix: string): void {
  if (!has(headers, prefix)) return;
  throw s3Error('InvalidRequest', {}, { message: 'The encryption parameters are not applicable to this object.' });
}
