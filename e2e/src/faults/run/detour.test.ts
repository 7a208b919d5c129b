import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Detour } from './detour.ts';

let server: Server;
let received: string;
let served: Socket[];
let detour: Detour;

beforeEach(async () => {
  received = '';
  served = [];
  server = createServer((socket) => {
    served.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk.toString();
      socket.write(chunk.toString().toUpperCase());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  detour = await Detour.open('nats', () => (server.address() as { port: number }).port);
});
afterEach(() => {
  detour.close();
  for (const socket of served) socket.destroy();
  server.close();
});

interface Client {
  readonly socket: Socket;
  readonly answers: string;
  readonly closed: Promise<void>;
}

function client(): Client {
  const socket = connect(detour.port, '127.0.0.1');
  let answers = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => (answers += chunk.toString()));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    socket,
    closed,
    get answers() {
      return answers;
    },
  };
}

const soon = async (what: () => boolean): Promise<void> => {
  for (const until = Date.now() + 3_000; !what(); await pause(5)) if (Date.now() > until) throw new Error('never');
};

it('passes bytes both ways, and the end', async () => {
  const one = client();
  one.socket.write('abc');
  await soon(() => one.answers === 'ABC');
  served[0]!.end();
  await one.closed;
});

it('cut: connections break, new ones are refused, until it is open again', async () => {
  const one = client();
  one.socket.write('a');
  await soon(() => one.answers === 'A');
  detour.set('cut');
  await one.closed;
  await client().closed;
  detour.set('open');
  const two = client();
  two.socket.write('b');
  await soon(() => two.answers === 'B');
});

it('hold: nothing passes, and nothing is lost', async () => {
  const one = client();
  one.socket.write('a');
  await soon(() => one.answers === 'A');
  detour.set('hold');
  one.socket.write('b');
  const two = client();
  two.socket.write('c');
  await pause(100);
  expect([one.answers, two.answers, received]).toEqual(['A', '', 'a']);
  detour.set('open');
  await soon(() => one.answers === 'AB' && two.answers === 'C');
});

it('delay: later, and in order also when the delay ends', async () => {
  const one = client();
  one.socket.write('a');
  await soon(() => one.answers === 'A');
  detour.set({ delayMs: 100 });
  const sent = performance.now();
  one.socket.write('b');
  await pause(20);
  detour.set('open');
  one.socket.write('c');
  await soon(() => one.answers === 'ABC');
  expect(performance.now() - sent).toBeGreaterThan(99);
});

it('break-puts: every second PUT ends in the middle of its body', async () => {
  detour.set('break-puts');
  const put = `PUT /b/k HTTP/1.1\r\ncontent-length: 8\r\n\r\n12345678`;
  const broken = client();
  broken.socket.write(put);
  await broken.closed;
  expect(received).toBe(put.slice(0, -4));
  received = '';
  const whole = client();
  whole.socket.write(put);
  await soon(() => received === put);
});
