import { once } from 'node:events';
import { request, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { respond } from '../respond/respond.ts';
import { slowDown } from '../respond/overload.ts';
import { readHead } from './incoming.ts';
import { listen } from './listener.ts';
import { proxyTrust } from './trusted-proxies.ts';

const MiB = 1024 * 1024;
const REFUSAL = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>';

let server: Server;
let port: number;
/** How each request so far was answered; the handler reads nothing of a body. */
let handled: string[];
let refuse: 'denied' | 'overload';
beforeEach(async () => {
  handled = [];
  refuse = 'denied';
  server = await listen({
    host: '127.0.0.1',
    port: 0,
    idleTimeoutMs: 60_000,
    requestTimeoutMs: 60_000,
    maxConnections: 100,
    unreadable: () => undefined,
    handle: (message, response, expects) => {
      handled.push(message.url ?? '');
      if (refuse === 'overload') slowDown(message, response);
      else
        void respond(readHead(message, response, proxyTrust([]), expects), response, {
          status: 403,
          headers: [['Content-Type', 'application/xml']],
          body: REFUSAL,
        });
    },
  });
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function open(): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  // Nothing is read until somebody asks.
  socket.pause();
  return socket;
}

const written = (socket: Socket, bytes: Buffer | string) =>
  new Promise<void>((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve())));

const head = (length: number | 'chunked', target = '/b/k') =>
  `PUT ${target} HTTP/1.1\r\nhost: x\r\n${length === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${length}`}\r\n\r\n`;

function answerTo(headers: Record<string, string>, body: Buffer): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const put = request({ port, host: '127.0.0.1', method: 'PUT', path: '/b/k', headers, agent: false });
    put.once('error', reject);
    put.once('response', (response: IncomingMessage) => {
      text(response).then((said) => resolve({ status: response.statusCode ?? 0, text: said }), reject);
    });
    put.end(body);
  });
}

it.each([
  ['a length', { 'content-length': String(8 * MiB) }],
  ['chunks', { 'transfer-encoding': 'chunked' }],
])("tells Node's client of a refusal while it sends a body with %s", async (_, headers) => {
  for (let times = 0; times < 10; times += 1) {
    expect(await answerTo(headers, Buffer.alloc(8 * MiB))).toEqual({ status: 403, text: REFUSAL });
  }
});

it.each(['denied', 'overload'] as const)('tells a client that sends all of its body first: %s', async (kind) => {
  refuse = kind;
  for (let times = 0; times < 5; times += 1) {
    const socket = await open();
    await written(socket, head(8 * MiB));
    for (let at = 0; at < 8; at += 1) await written(socket, Buffer.alloc(MiB));
    // The answer lies in the system's buffer by now, and a reset would empty that.
    await pause(20);
    const answer = await text(socket);
    expect(answer).toMatch(kind === 'denied' ? /^HTTP\/1\.1 403 / : /^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/\r\nConnection: close\r\n/i);
    expect(answer).toMatch(/<\/Error>$/);
    socket.destroy();
  }
});

it('answers before the body has come, and lets go of a client that stops in the middle', async () => {
  const socket = await open();
  const began = performance.now();
  await written(socket, `${head(8 * MiB)}${'x'.repeat(MiB)}`);
  socket.resume();
  const [first] = (await once(socket, 'data')) as [Buffer];
  expect(String(first)).toMatch(/^HTTP\/1\.1 403 /);
  expect(performance.now() - began).toBeLessThan(1_000);
  await once(socket, 'end');
  expect(performance.now() - began).toBeLessThan(5_000);
  socket.destroy();
});

it('cuts off a client that sends for ever', async () => {
  const socket = await open();
  socket.on('error', () => undefined);
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let sent = 0;
  await written(socket, head(1_000 * MiB));
  for (let pieces = 0; pieces < 200 && !socket.destroyed; pieces += 1) {
    await written(socket, Buffer.alloc(MiB)).then(
      () => (sent += MiB),
      () => socket.destroy(),
    );
  }
  await over;
  expect(sent).toBeGreaterThan(16 * MiB);
  expect(sent).toBeLessThan(60 * MiB);
});

it('takes no request behind one whose answer is the last', async () => {
  const socket = await open();
  await written(socket, head(200_000));
  await pause(50);
  await written(socket, `${'x'.repeat(200_000)}${head(0, '/b/behind')}`);
  expect((await text(socket)).match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(handled).toEqual(['/b/k']);
  socket.destroy();
});
