import { CreateBucketCommand, DeleteBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { outcomeOf } from './client.ts';
import type { PolicyState } from './journal.ts';
import type { Operation } from './operations.ts';
import type { Worker } from './worker.ts';

const buckets = new WeakMap<Worker, { name: string; state: PolicyState }>();
let madeBuckets = 0;

async function ownBucket(worker: Worker): Promise<{ name: string; state: PolicyState } | undefined> {
  const known = buckets.get(worker);
  if (known && !known.state.retired) return known;
  const name = `${worker.buckets.plain}-p${(madeBuckets += 1)}`;
  const state: PolicyState = { created: false, possible: [undefined], retired: false };
  worker.journal.policies.set(name, state);
  buckets.set(worker, { name, state });
  const outcome = await outcomeOf(() => worker.client.send(new CreateBucketCommand({ Bucket: name })));
  if (outcome.kind === 'refused') worker.refused(`create ${name}`, outcome);
  state.created = outcome.kind === 'done';
  state.retired = !state.created;
  return state.created ? { name, state } : undefined;
}

/** Changes the policy of a bucket of this client's own, which it makes first. */
export const changePolicy: Operation = async (worker) => {
  const bucket = await ownBucket(worker);
  if (!bucket) return;
  const { name, state } = bucket;
  const Policy = worker.random.chance(0.2)
    ? undefined
    : JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: `n${worker.random.int(1, 1e9)}`,
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:PutObject',
            Resource: `arn:aws:s3:::${name}/never/*`,
          },
        ],
      });
  const outcome = await outcomeOf<unknown>(() =>
    Policy === undefined
      ? worker.client.send(new DeleteBucketPolicyCommand({ Bucket: name }))
      : worker.client.send(new PutBucketPolicyCommand({ Bucket: name, Policy })),
  );
  if (outcome.kind === 'refused') return worker.refused(`policy of ${name}`, outcome);
  worker.journal[outcome.kind === 'done' ? 'acknowledged' : 'unanswered'] += 1;
  if (outcome.kind === 'done') state.possible = [Policy];
  else {
    state.possible = [...state.possible, Policy];
    state.retired = true;
  }
};
