import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Keys } from '../harness/clients.ts';
import type { OwnStack } from '../harness/own-stack.ts';
import { startOwnStack } from '../harness/own-stack.ts';
import { signed } from '../harness/sign.ts';
import { onNative } from '../harness/stack.ts';
import { sendTo } from '../harness/wire.ts';
import { stackProcess } from './processes.ts';

const ROUNDS = 12;
const BUCKET = 'revoked';
/** Shorter than the lease of a second, so that the gateway need not ask anew when it goes on. */
const STOPPED_MS = 300;
const REQUESTS = 12;

/** A gateway that cannot hear of a revocation is waited for: no answer before it has, or has lost its lease. */
onNative('a revocation while the other gateway stands still', () => {
  let own: OwnStack;
  let other: string;
  let iam: IAMClient;
  beforeAll(async () => {
    own = await startOwnStack({}, ['--gateways', '2']);
    const { endpoint, region, accessKeyId, secretAccessKey } = own.facts;
    const url = new URL(endpoint);
    url.port = String(Number(url.port) + 2);
    other = url.origin;
    iam = new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
    await own.client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await own.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'k', Body: 'x' }));
  });
  afterAll(async () => {
    iam?.destroy();
    await own?.stop();
  });

  async function reader(name: string): Promise<Keys> {
    await iam.send(new CreateUserCommand({ UserName: name }));
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${BUCKET}/*` }],
    });
    await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'read', PolicyDocument }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
    return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  }

  async function read(keys: Keys): Promise<number> {
    const host = new URL(other).host;
    const request = await signed({ host, region: own.facts.region, keys, path: `/${BUCKET}/k` });
    return (await sendTo(other, request)).status;
  }

  it('is not answered before that gateway refuses too', async () => {
    const pid = stackProcess(own.facts.dataFolder!, 'gateway-2');
    expect(pid).toBeDefined();
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `reader-${round}`;
      const keys = await reader(name);
      expect(await read(keys), `round ${round}: before the revocation`).toBe(200);
      process.kill(pid!, 'SIGSTOP');
      const goOn = pause(STOPPED_MS).then(() => process.kill(pid!, 'SIGCONT'));
      await iam.send(new DeleteAccessKeyCommand({ UserName: name, AccessKeyId: keys.accessKeyId }));
      const answers = await Promise.all(Array.from({ length: REQUESTS }, () => read(keys)));
      await goOn;
      expect(new Set(answers), `round ${round}: after the revocation was answered`).toEqual(new Set([403]));
    }
  });
});
