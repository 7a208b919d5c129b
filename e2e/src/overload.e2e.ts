import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { OwnStack } from './harness/own-stack.ts';
import { startOwnStack } from './harness/own-stack.ts';
import { onOwnStack } from './harness/stack.ts';

const bucket = 'crowded';
/** More than may wait for their answers, and than may be under way, at the default settings. */
const CROWD = 1_500;
const ROUNDS = 3;

interface Answer {
  readonly status: string;
  readonly text: string;
  readonly afterMs: number;
}

onOwnStack('far more requests than can be carried', () => {
  let own: OwnStack;
  let sockets: Socket[] = [];
  beforeAll(async () => {
    own = await startOwnStack({});
    await own.client.send(new CreateBucketCommand({ Bucket: bucket }));
    await own.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
  });
  afterAll(() => own?.stop());
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  async function connectAll(): Promise<void> {
    const { hostname, port } = new URL(own.facts.endpoint);
    sockets = Array.from({ length: CROWD }, () => connect(Number(port), hostname));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => void socket.once('connect', resolve))));
  }

  /** One request on a connection that stays. @throws when the connection ends before the answer is whole */
  function ask(socket: Socket, request: string): Promise<Answer> {
    const began = performance.now();
    return new Promise((resolve, reject) => {
      let text = '';
      const ended = () => reject(new Error(`the connection ended after: ${text}`));
      const more = (chunk: Buffer) => {
        text += chunk.toString('latin1');
        const [head, body] = text.split('\r\n\r\n', 2);
        const length = /^content-length: (\d+)/im.exec(head ?? '')?.[1];
        if (body === undefined || body.length < Number(length)) return;
        socket.off('data', more).off('close', ended);
        resolve({ status: text.slice(9, 12), text, afterMs: performance.now() - began });
      };
      socket.on('data', more).once('close', ended);
      socket.write(request);
    });
  }

  it('are served or told to slow down, each on its connection, and the next ones are served', async () => {
    await connectAll();
    const { target, headers } = await own.signed({ path: `/${bucket}/k` });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    const request = `GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
    for (let round = 0; round < ROUNDS; round += 1) {
      const answers = await Promise.all(sockets.map((socket) => ask(socket, request)));
      const served = answers.filter(({ status }) => status === '200');
      const refused = answers.filter(({ status }) => status === '503');
      expect(served.length + refused.length, 'nothing but 200 and 503').toBe(CROWD);
      expect(served.length, 'a crowd does not keep all from being served').toBeGreaterThanOrEqual(200);
      expect(refused.length, 'no more wait than can be answered soon').toBeGreaterThan(0);
      for (const { text } of refused) {
        expect(text).toContain('<Code>SlowDown</Code>');
        expect(text).toMatch(/^retry-after: 1\r$/im);
      }
      for (const { text } of served) expect(text.endsWith('\r\n\r\nx')).toBe(true);

      const began = performance.now();
      expect((await own.call({ path: `/${bucket}/k` })).status).toBe(200);
      expect(performance.now() - began).toBeLessThan(1_000);
    }
  });
});
