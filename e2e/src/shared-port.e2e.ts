import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './harness/eventually.ts';
import type { OwnStack } from './harness/own-stack.ts';
import { startOwnStack } from './harness/own-stack.ts';
import { onNative } from './harness/stack.ts';

const bucket = 'shared-port';
/** So many connections go to one of two gateways alone once in 2^63 runs. */
const CONNECTIONS = 64;

onNative('two gateways on one port', () => {
  let own: OwnStack;
  beforeAll(async () => {
    own = await startOwnStack({}, ['--gateways', '2', '--shared-port']);
    await own.client.send(new CreateBucketCommand({ Bucket: bucket }));
    await own.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
  });
  afterAll(() => own?.stop());

  const pidOf = (name: string) => Number(readFileSync(join(own.facts.dataFolder!, 'run', `${name}.pid`), 'utf8'));

  /** Who answered, each time on a connection of its own. */
  async function answering(): Promise<Set<string>> {
    const names = new Set<string>();
    for (let n = 0; n < CONNECTIONS; n += 1) {
      const { status, headers, body } = await own.call({ path: `/${bucket}/k`, headers: { connection: 'close' } });
      expect([status, String(body)]).toEqual([200, 'x']);
      names.add(String(headers['x-amz-id-2']));
    }
    return names;
  }

  it('both serve, over HTTP', async () => {
    expect((await answering()).size).toBe(2);
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

  it('one goes on alone when the other is killed, until that is back', async () => {
    const pid = pidOf('gateway-2');
    process.kill(pid, 'SIGKILL');
    await eventually(async () => expect((await answering()).size).toBe(1), 2_000);
    await eventually(async () => {
      expect(pidOf('gateway-2')).not.toBe(pid);
      expect((await answering()).size).toBe(2);
    }, 20_000);
  });
});
