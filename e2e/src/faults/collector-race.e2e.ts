import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256 } from '../harness/data.ts';
import { onEmbedded } from '../harness/stack.ts';
import { outcomeOf, watchedClient } from './client.ts';
import { body } from './contents.ts';
import { CrashableStack } from './crashable-stack.ts';

const CLIENTS = 8;
const RUN_MS = 6_000;
const BUCKET = 'collected';

/**
 * Without any grace time the collector meets blobs that are complete and not yet committed all the time. Each must go to
 * one of the two: either the collector has it and the write is refused, or the write has it and it stays.
 */
onEmbedded('a collector that waits for nobody', () => {
  let running: CrashableStack;
  beforeAll(async () => {
    running = await CrashableStack.create('embedded', { COFFER_BLOB_GRACE_MS: '0', COFFER_COLLECT_INTERVAL_MS: '5' });
    await running.start();
    const client = watchedClient(running.target(), () => undefined);
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    client.destroy();
  });
  afterAll(() => running?.remove());

  it('never takes what was acknowledged', async () => {
    const client = watchedClient(running.target(), () => undefined);
    const acknowledged = new Map<string, string>();
    let refused = 0;
    const until = Date.now() + RUN_MS;
    const writer = async (name: number): Promise<void> => {
      for (let n = 0; Date.now() < until; n += 1) {
        const [Key, Body] = [`${name}/${n}`, body(40_000)];
        const outcome = await outcomeOf(() => client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body })));
        if (outcome.kind === 'done') acknowledged.set(Key, sha256(Body));
        else if (outcome.kind === 'refused' && outcome.code === 'OperationAborted') refused += 1;
        else throw new Error(`PUT ${Key}: ${JSON.stringify(outcome)}`);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, name) => writer(name)));
    // Whatever the collector had claimed is deleted by now.
    await pause(500);
    const problems: string[] = [];
    for (const [Key, hash] of acknowledged) {
      const outcome = await outcomeOf(async () => {
        const answer = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
        return sha256(Buffer.from(await answer.Body!.transformToByteArray()));
      });
      if (outcome.kind !== 'done') problems.push(`${Key} was acknowledged and cannot be read: ${outcome.kind}`);
      else if (outcome.output !== hash) problems.push(`${Key} holds other bytes than were acknowledged`);
    }
    client.destroy();
    expect(problems.slice(0, 5)).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(20);
    // Else the two never met, and nothing was shown.
    expect(refused).toBeGreaterThan(0);
    console.info(`${acknowledged.size} acknowledged, ${refused} refused`);
  });
});
