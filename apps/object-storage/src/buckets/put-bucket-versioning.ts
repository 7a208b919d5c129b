import { s3Error, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { changeBucket } from '../shared/forwarded.ts';
import { structure, text } from '../shared/input.ts';

const set = sql(
  'buckets.setVersioning',
  'UPDATE buckets SET versioning = $2, revision = revision + 1 WHERE bucket_id = $1',
);

/** Status alone. MFA Delete cannot be turned on: it is refused rather than forgotten. */
export async function putBucketVersioning(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const configuration = structure(message.input, 'VersioningConfiguration') ?? {};
  const mfaDelete = text(configuration, 'MFADelete');
  if (mfaDelete === 'Enabled') throw s3Error('NotImplemented', { Header: 'x-amz-mfa' });
  if (mfaDelete !== undefined && mfaDelete !== 'Disabled') throw s3Error('MalformedXML');
  const status = text(configuration, 'Status');
  if (status === undefined) {
    throw s3Error(
      'IllegalVersioningConfigurationException',
      {},
      { message: 'The Versioning element must be specified' },
    );
  }
  if (status !== 'Enabled' && status !== 'Suspended') throw s3Error('MalformedXML');
  return await changeBucket(deps, message, async (tx, bucket) => {
    await tx.execute(set, [bucket.bucket_id, status.toLowerCase()]);
    return {};
  });
}
