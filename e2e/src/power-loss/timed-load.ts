import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Target } from '../faults/client.ts';
import { watchedClient } from '../faults/client.ts';
import { body, contentOf } from '../faults/contents.ts';
import type { SeededRandom } from '../faults/seeded-random.ts';
import { plain } from '../faults/worker.ts';
import { TimedHistory } from './timed-history.ts';

/** Bodies in the row, and bodies in the blob tier. */
const SIZES = [200, 3_000, 12_000, 40_000, 90_000];
const KEYS_EACH = 12;

/** Writes, replaces and deletes keys of its own, one after the other, until the time is over or the stack is gone. */
async function client(
  s3: S3Client,
  bucket: string,
  prefix: string,
  random: SeededRandom,
  history: TimedHistory,
  untilMs: number,
): Promise<void> {
  const there = new Set<string>();
  while (Date.now() < untilMs) {
    const Key = `${prefix}/${random.int(1, KEYS_EACH)}`;
    // A read changes nothing, but its record has to last like a change.
    if (there.has(Key) && random.chance(0.3)) await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    else if (there.has(Key) && random.chance(0.25)) {
      const acknowledge = history.begin(Key, undefined);
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      acknowledge();
      there.delete(Key);
    } else {
      const made = contentOf(body(random.pick(SIZES)));
      const acknowledge = history.begin(Key, plain(made));
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: made.body }));
      acknowledge();
      there.add(Key);
    }
  }
}

/** @param seconds how long to write; all requests are answered when it resolves */
export async function timedLoad(
  target: Target,
  bucket: string,
  random: SeededRandom,
  clients: number,
  seconds: number,
): Promise<TimedHistory> {
  const history = new TimedHistory();
  const s3 = watchedClient(target, (received) => history.answers.push({ ...received, at: Date.now() }));
  const until = Date.now() + seconds * 1000;
  try {
    const one = (n: number) => client(s3, bucket, `c${n}`, random.fork(n), history, until);
    await Promise.all(Array.from({ length: clients }, (_, n) => one(n + 1)));
  } finally {
    s3.destroy();
  }
  return history;
}
