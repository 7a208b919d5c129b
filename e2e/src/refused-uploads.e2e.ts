import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytes, MiB } from './harness/data.ts';
import { bucketWithK } from './harness/errors.ts';
import { signed } from './harness/sign.ts';
import { present, stack } from './harness/stack.ts';
import type { Sending } from './harness/wire.ts';
import { send } from './harness/wire.ts';

/** More than the buffers of a connection hold. */
const SIZE = 8 * MiB;
const body = bytes(SIZE);

describe.runIf(present)('uploads that are refused before they have come', () => {
  let bucket: string;
  beforeAll(async () => void (bucket = await bucketWithK()));

  const put = (path: string) => signed({ method: 'PUT', path, contentSha256: 'UNSIGNED-PAYLOAD', body });
  const refused: readonly [code: string, status: number, make: () => Promise<Sending>][] = [
    [
      'SignatureDoesNotMatch',
      403,
      async () => {
        const sending = await put(`/${bucket}/large`);
        return { ...sending, target: `/${bucket}/another` };
      },
    ],
    [
      'AccessDenied',
      403,
      async () => {
        const { authorization: _, ...headers } = (await put(`/${bucket}/large`)).headers;
        return { method: 'PUT', target: `/${bucket}/large`, headers, body };
      },
    ],
    ['NoSuchBucket', 404, () => put('/there-is-no-such-bucket-here/large')],
  ];

  it.each(refused)('are told %s while they send', async (code, status, make) => {
    for (let times = 0; times < 3; times += 1) {
      const answer = await send(await make());
      expect([answer.status, answer.error['Code']]).toEqual([status, code]);
    }
  });

  it.each(refused)('are told %s once they have sent all of it', async (code, status, make) => {
    const { method, target, headers } = await make();
    const { hostname, port } = new URL(stack().endpoint);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    await once(socket, 'connect');
    // As clients do that write all of a request before they read anything.
    socket.pause();
    const write = (what: string | Buffer) =>
      new Promise<void>((resolve, reject) => socket.write(what, (error) => (error ? reject(error) : resolve())));
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    await write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
    for (let at = 0; at < SIZE; at += MiB) await write(body.subarray(at, at + MiB));
    const answer = await text(socket);
    socket.destroy();
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(`<Code>${code}</Code>`);
  });
});
