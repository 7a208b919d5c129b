import { isFault, objectStorage, s3Error } from '@coffer/contracts';
import type { Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { bucketArn } from '../operations/operation.ts';

/** Finds the object and decides about its tags, for operations that its owner carries out without giving it away. */
export async function decideOnObject(exchange: Exchange, gateway: Gateway): Promise<void> {
  const versionId = exchange.route.query.get('versionId');
  try {
    const { version } = await exchange.deciding(
      (bucket) =>
        gateway.bus.call(objectStorage.locate, {
          revision: bucket.context.revision,
          key: exchange.route.key as string,
          want: 'facts',
          withTags: true,
          ...(versionId === undefined ? {} : { versionId }),
        }),
      { looks: true },
    );
    await exchange.decideWithTags(version.tags ?? []);
  } catch (error) {
    await hideFromStrangers(exchange, error);
    throw error;
  }
}

/**
 * Whether a key is there is nobody's business but of those who may list the bucket; and while a decision waits for the
 * object's tags, neither is anything else that finding it would tell. Throws AccessDenied for all others.
 */
export async function hideFromStrangers(exchange: Exchange, error: unknown): Promise<void> {
  if (!isFault(error) || error.status >= 500 || error.code === 'AccessDenied') return;
  const tells = error.code === 'NoSuchKey' || !(await exchange.allowedWithoutTags());
  if (!tells) return;
  const bucket = bucketArn(exchange.route.bucket as string);
  const listing = await exchange.judge([{ action: 's3:ListBucket', resource: bucket }]);
  if (!listing.allowed) throw s3Error('AccessDenied', {}, { message: listing.message });
}
