import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { bytes, md5, MiB } from './harness/data.ts';
import { expectDescriptorsAsBefore, openDescriptors } from './harness/descriptors.ts';
import { eventually } from './harness/eventually.ts';
import type { OwnStack } from './harness/own-stack.ts';
import { gatewayPid, startOwnStack } from './harness/own-stack.ts';
import { watchMemory } from './harness/processes.ts';
import { onOwnStack } from './harness/stack.ts';

const bucket = 'hostile';
/** After so long without a move a connection is cut off (milliseconds). */
const IDLE_MS = 12_000;

onOwnStack('hostile clients', () => {
  let own: OwnStack;
  let pid: number;
  let host: string;
  let usualMs: number;
  let sockets: Socket[] = [];
  beforeAll(async () => {
    own = await startOwnStack({ COFFER_IDLE_TIMEOUT_MS: `${IDLE_MS}` });
    pid = gatewayPid(own.facts);
    host = new URL(own.facts.endpoint).host;
    await own.client.send(new CreateBucketCommand({ Bucket: bucket }));
    await own.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
    await othersAreServed(50);
    usualMs = await othersAreServed(50);
  });
  afterAll(() => own?.stop());
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  /** What another client asks for meanwhile is answered. @returns the time that most of its requests stay below */
  async function othersAreServed(times: number): Promise<number> {
    const took: number[] = [];
    for (let n = 0; n < times; n += 1) {
      const began = performance.now();
      const { status } = await own.call({ path: `/${bucket}/k` });
      took.push(performance.now() - began);
      expect(status).toBe(200);
    }
    return took.sort((one, other) => one - other)[Math.floor(times * 0.8)]!;
  }

  /** Runs `attack`, and demands that others are served as before meanwhile, and that memory stays bounded. */
  async function unharmed(attack: () => Promise<void>, growthMiB: number): Promise<void> {
    const before = watchMemory(pid)();
    const most = watchMemory(pid);
    const attacking = attack();
    const meanwhile = await othersAreServed(40);
    await attacking;
    const after = await othersAreServed(40);
    const grown = (most() - before) / MiB;
    // Parsing what attackers send takes its share of a processor; nobody waits for an attacker.
    expect(meanwhile).toBeLessThan(10 * usualMs + 250);
    expect(after).toBeLessThan(4 * usualMs + 50);
    expect(grown).toBeLessThan(growthMiB);
  }

  interface Open {
    readonly socket: Socket;
    received: string;
    closed: boolean;
  }

  async function open(): Promise<Open> {
    const { hostname, port } = new URL(own.facts.endpoint);
    const socket = connect(Number(port), hostname);
    sockets.push(socket);
    const opened: Open = { socket, received: '', closed: false };
    socket.on('error', () => undefined);
    socket.on('close', () => (opened.closed = true));
    socket.on('data', (chunk) => (opened.received += chunk.toString('latin1').slice(0, 2_000)));
    await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', () => resolve()));
    return opened;
  }
  const many = (count: number) => Promise.all(Array.from({ length: count }, open));
  const statusOf = ({ received }: Open) => received.slice(0, 12);

  it('that send their headers byte by byte are cut off', async () => {
    const head = `GET /${bucket}/k HTTP/1.1\r\nhost: ${host}\r\nx-slow: ${'a'.repeat(200)}`;
    await unharmed(async () => {
      const slow = await many(100);
      for (let at = 0; at < IDLE_MS / 400; at += 1) {
        for (const { socket, closed } of slow) if (!closed) socket.write(head[at]!);
        await pause(500);
      }
      await eventually(async () => expect(slow.filter(({ closed }) => !closed)).toHaveLength(0), 10_000);
      expect(new Set(slow.map(statusOf))).toEqual(new Set(['HTTP/1.1 400']));
    }, 100);
  });

  it('that send bodies byte by byte, or stop in the middle, hold up nobody', async () => {
    const { target, headers } = await own.signed({ method: 'PUT', path: `/${bucket}/slow`, body: 'y'.repeat(1_000) });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    await unharmed(async () => {
      const slow = await many(200);
      for (const { socket } of slow) socket.write(`PUT ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
      for (let at = 0; at < 10; at += 1) {
        for (const [n, { socket }] of slow.entries()) if (n % 2 === 0) socket.write('y');
        await pause(300);
      }
      expect(slow.filter(({ closed }) => closed)).toHaveLength(0);
      // Nothing has moved on those that stopped: they are told so, or cut off.
      const stopped = slow.filter((_, n) => n % 2 === 1);
      await eventually(async () => expect(stopped.filter(({ closed }) => !closed)).toHaveLength(0), 40_000);
    }, 150);
  });

  it('that open a thousand connections and say nothing harm nobody', async () => {
    await unharmed(async () => {
      const idle = await many(1_000);
      await pause(1_000);
      expect(idle.filter(({ closed }) => closed)).toHaveLength(0);
    }, 150);
  });

  it('that flood with headers or long request lines are refused', async () => {
    const heads = [
      `GET / HTTP/1.1\r\nhost: ${host}\r\n${Array.from({ length: 4_000 }, (_, n) => `x-${n}: 1\r\n`).join('')}\r\n`,
      `GET / HTTP/1.1\r\nhost: ${host}\r\nx: ${'a'.repeat(MiB)}\r\n\r\n`,
      `GET /${'a'.repeat(MiB)} HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
      `GET /?${'a&'.repeat(200_000)} HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
    ];
    await unharmed(async () => {
      for (let round = 0; round < 5; round += 1) {
        const all = await many(40);
        for (const [n, { socket }] of all.entries()) socket.write(heads[n % heads.length]!);
        await eventually(async () => expect(all.filter(({ closed }) => !closed)).toHaveLength(0), 10_000);
        // A client that is still sending when it is cut off may miss its answer.
        const answers = all.map(statusOf).filter((answer) => answer !== '');
        expect(answers.filter((answer) => answer !== 'HTTP/1.1 400')).toEqual([]);
      }
    }, 150);
  });

  it('that send garbage behind a request, or nothing else, are refused once', async () => {
    await unharmed(async () => {
      const all = await many(100);
      for (const [n, { socket }] of all.entries()) {
        const request = n % 2 === 0 ? `GET /${bucket}/k HTTP/1.1\r\nhost: ${host}\r\n\r\n` : '';
        socket.write(request + '\u0000\u0001GARBAGE\r\n\r\n'.repeat(1_000));
      }
      await eventually(async () => expect(all.filter(({ closed }) => !closed)).toHaveLength(0), 10_000);
      expect(all.filter((one) => /HTTP\/1\.1 (2|5)/.test(one.received))).toHaveLength(0);
    }, 100);
  });

  it('that ask for large objects and never read a byte of them hold up nobody', async () => {
    await own.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'large', Body: bytes(64 * MiB) }));
    const { target, headers } = await own.signed({ path: `/${bucket}/large` });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    const watched = { pid, dataFolder: own.facts.dataFolder! };
    const descriptors = openDescriptors(watched);
    const small = bytes(300_000);
    const slowest = { PUT: 0, GET: 0, HEAD: 0 };
    const ask = async (method: keyof typeof slowest, path: string) => {
      const began = performance.now();
      const answer = await own.call({ method, path, ...(method === 'PUT' ? { body: small } : {}) });
      slowest[method] = Math.max(slowest[method], performance.now() - began);
      expect([method, answer.status, answer.error['Code']]).toEqual([method, 200, undefined]);
      if (method === 'GET') expect(md5(answer.body)).toBe(md5(small));
    };
    await unharmed(async () => {
      const deaf = await many(40);
      for (const { socket } of deaf) {
        socket.pause();
        socket.write(`GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
      }
      for (let round = 0; round < 30; round += 1) {
        for (const method of ['PUT', 'GET', 'HEAD'] as const) await ask(method, `/${bucket}/other-${round}`);
      }
      expect(deaf.map(({ received }) => received.length)).toEqual(deaf.map(() => 0));
      // They were there all the time, and are cut off once nothing has moved on them for long enough.
      expect(openDescriptors(watched)).toBeGreaterThanOrEqual(descriptors + deaf.length);
      await expectDescriptorsAsBefore(watched, descriptors, 60_000);
    }, 250);
    for (const ms of Object.values(slowest)) expect(ms).toBeLessThan(2_000);
  });

  it('that send documents to exhaust a parser are refused', async () => {
    const documents = [
      '<CORSConfiguration>'.repeat(50_000),
      `<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]><CORSConfiguration>&b;</CORSConfiguration>`,
      `<CORSConfiguration ${Array.from({ length: 30_000 }, (_, n) => `a${n}="x"`).join(' ')}/>`,
      `<CORSConfiguration><CORSRule><AllowedOrigin>${'&#65;'.repeat(180_000)}</AllowedOrigin></CORSRule></CORSConfiguration>`,
      `<CORSConfiguration>${'<CORSRule/>'.repeat(90_000)}</CORSConfiguration>`,
    ];
    await unharmed(async () => {
      for (const body of [...documents, ...documents]) {
        const began = performance.now();
        const headers = { 'content-md5': Buffer.from(md5(body), 'hex').toString('base64') };
        const answer = await own.call({ method: 'PUT', path: `/${bucket}`, query: { cors: '' }, body, headers });
        expect([answer.status, answer.error['Code']]).toEqual([
          400,
          expect.stringMatching(/^(MalformedXML|InvalidRequest)$/),
        ]);
        expect(performance.now() - began).toBeLessThan(3_000);
      }
    }, 200);
  });
});
