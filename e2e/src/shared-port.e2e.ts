import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Keys } from './harness/clients.ts';
import { eventually } from './harness/eventually.ts';
import type { OwnStack } from './harness/own-stack.ts';
import { startOwnStack } from './harness/own-stack.ts';
import { native, onOwnStack } from './harness/stack.ts';

const bucket = 'shared-port';
const WHAT = native
  ? { title: 'two gateways on one port', args: ['--gateways', '2', '--shared-port'], other: 'gateway-2' }
  : { title: 'two processes on one port', args: ['--processes', '2'], other: 'worker-2' };
/** So many connections go to one of the two alone once in 2^31 times. */
const CONNECTIONS = 32;

onOwnStack(WHAT.title, () => {
  let own: OwnStack;
  beforeAll(async () => {
    own = await startOwnStack({}, WHAT.args);
    await own.client.send(new CreateBucketCommand({ Bucket: bucket }));
    await own.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
  });
  afterAll(() => own?.stop());

  const pidOf = (name: string) => Number(readFileSync(join(own.facts.dataFolder!, 'run', `${name}.pid`), 'utf8'));

  /** Who answered, each time on a connection of its own, and with what. */
  async function answering(keys?: Keys) {
    const names = new Set<string>();
    const statuses = new Set<number>();
    for (let n = 0; n < CONNECTIONS; n += 1) {
      const signing = { path: `/${bucket}/k`, headers: { connection: 'close' }, ...(keys ? { keys } : {}) };
      const { status, headers } = await own.call(signing);
      statuses.add(status);
      names.add(String(headers['x-amz-id-2']));
    }
    return { names: names.size, statuses: [...statuses] };
  }

  it('both serve, over HTTP', async () => {
    expect(await answering()).toEqual({ names: 2, statuses: [200] });
  });

  it('both serve, over HTTPS', async () => {
    const ca = readFileSync(own.facts.caBundle!);
    const names = new Set<string>();
    for (let n = 0; n < CONNECTIONS; n += 1) {
      const name = await new Promise<string>((resolve, reject) => {
        const asked = request(`${own.facts.httpsEndpoint}/${bucket}/k`, { ca, agent: false }, (answer) => {
          answer.resume();
          resolve(String(answer.headers['x-amz-id-2']));
        });
        asked.on('error', reject).end();
      });
      names.add(name);
    }
    expect(names.size).toBe(2);
  });

  it('what one was told, both go by when it has been answered', async () => {
    const { endpoint, region } = own.facts;
    const iam = new IAMClient({ endpoint, region, credentials: { ...own.facts }, maxAttempts: 1 });
    const UserName = 'reader';
    const { User } = await iam.send(new CreateUserCommand({ UserName }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    const keys = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    expect((await answering(keys)).statuses).toEqual([403]);
    const Statement = [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'read', PolicyDocument }));
    expect(await answering(keys)).toEqual({ names: 2, statuses: [200] });

    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Principal: { AWS: User!.Arn },
          Action: 's3:GetObject',
          Resource: `arn:aws:s3:::${bucket}/*`,
        },
      ],
    });
    for (let round = 0; round < 5; round += 1) {
      await own.client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
      expect((await answering(keys)).statuses).toEqual([403]);
      await own.client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
      expect((await answering(keys)).statuses).toEqual([200]);
    }
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: keys.accessKeyId }));
    expect((await answering(keys)).statuses).toEqual([403]);
  });

  it('one goes on alone when the other is killed, until that is back', async () => {
    const pid = pidOf(WHAT.other);
    process.kill(pid, 'SIGKILL');
    await eventually(async () => expect(await answering()).toEqual({ names: 1, statuses: [200] }), 5_000);
    await eventually(async () => {
      expect(pidOf(WHAT.other)).not.toBe(pid);
      expect(await answering()).toEqual({ names: 2, statuses: [200] });
    }, 30_000);
  });
});
