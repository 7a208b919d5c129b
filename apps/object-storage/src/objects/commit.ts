import { mustWait, objectStorage, s3Error, type Fault } from '@coffer/contracts';
import type { RequestOf, ReplyOf } from '@coffer/contracts';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { isBucketId, noSuchBucket } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { forMutation, isOfOneBucket, withLocksOfBatch, type KeyRef } from '../shared/locks.ts';
import { isStorableKey } from '../shared/keys.ts';
import { wholeSeconds } from '../versions/version-row.ts';
import { placeVersions, type NewVersion } from './place-versions.ts';
import { placeWithGrants } from './place-with-grants.ts';

type CommitRequest = RequestOf<typeof objectStorage.commit>;
type CommitReply = ReplyOf<typeof objectStorage.commit>;

registerFailpoints('object-storage.commit.before-commit', 'object-storage.commit.before-reply');

function newVersion(message: CommitRequest): NewVersion {
  const lastModified = wholeSeconds(message.time);
  return { ...message, lastModified, reply: (placed) => ({ ...placed, etag: message.etag, lastModified }) };
}

const bucketOf = ({ revision }: NewVersion): string => revision.bucketId;
const placeOf = ({ revision, key }: NewVersion): KeyRef => ({ bucketId: revision.bucketId, key });

/**
 * Makes sealed bodies visible as the newest versions of their keys: one transaction for the whole batch, each element
 * with its own result.
 *
 * A crash before the commit leaves a blob that nobody claimed, which the collector removes. A crash after it leaves the
 * record's draft in the outbox, and the reply there for whoever asks again.
 */
export async function commit(deps: Deps, messages: readonly CommitRequest[]): Promise<(CommitReply | Fault)[]> {
  const refused = new Map<number, Fault>();
  const elements: NewVersion[] = [];
  for (const [index, message] of messages.entries()) {
    if (!isBucketId(message.revision.bucketId)) refused.set(index, noSuchBucket(message.draft.bucket));
    else if (!isStorableKey(message.key)) refused.set(index, s3Error('InvalidURI'));
    else elements.push(newVersion(message));
  }
  const mayWait = isOfOneBucket(elements.map(bucketOf));
  const placed = await placeWithGrants(deps, elements, (some, granted) =>
    withLocksOfBatch(deps, some, {
      bucketOf,
      locksOf: (few) => forMutation(few.map(placeOf)),
      mayWait,
      work: async (tx, free) => {
        const results = await placeVersions(deps, tx, free, granted);
        failpoint('object-storage.commit.before-commit');
        // Asking governance takes its time too.
        return mayWait ? results : results.map((result) => ('needsGrant' in result ? { fault: mustWait() } : result));
      },
    }),
  );
  failpoint('object-storage.commit.before-reply');
  let next = 0;
  return messages.map((_, index) => refused.get(index) ?? (placed[next++] as CommitReply | Fault));
}
