import { spawn, type ChildProcess } from 'node:child_process';
import { connect as dial, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFault, services, type ServiceName } from '@coffer/contracts';
import { connect, PermissionViolationError, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handle, handleBatch, inboxPrefix, natsPermissions, natsTransport } from '../src/index.ts';
import { add, allContracts, allEvents, changed, greet, readAll, safeGreet, secretOfKms } from './contracts.ts';
import { natsBinary, natsWorld, passwordOf, skipReason, type NatsWorld } from './nats-world.ts';
import { contractSuite } from './suite.ts';
import { serve } from './world.ts';

const binary = natsBinary();

if (binary === undefined) {
  describe('bus contract on NATS', () => {
    it.skip(skipReason, () => undefined);
  });
} else {
  let shared: NatsWorld | undefined;
  afterAll(() => shared?.close());
  // One broker for all: each test opens and closes its own connections.
  contractSuite('NATS', async () => {
    shared ??= await natsWorld(binary);
    const world = shared;
    return { transport: (service) => world.transport(service), close: async () => undefined };
  });

  describe('the wall on NATS', () => {
    let world: NatsWorld;
    let raw: NatsConnection;
    let errors: Error[];

    const open = async (user: ServiceName): Promise<NatsConnection> => {
      const { url } = world.server;
      const connection = await connect({ servers: [url], user, pass: passwordOf(user), reconnect: false });
      void (async () => {
        for await (const status of connection.status()) if (status.type === 'error') errors.push(status.error);
      })();
      return connection;
    };
    const violations = (): string[] =>
      errors.flatMap((error) =>
        error instanceof PermissionViolationError ? [`${error.operation} ${error.subject}`] : [],
      );

    beforeEach(async () => {
      world = await natsWorld(binary);
      errors = [];
      raw = await open('audit');
    });
    afterEach(async () => {
      await raw.close();
      await world.close();
    });

    it('lets nobody in without the right password', async () => {
      const servers = [world.server.url];
      await expect(natsTransport({ servers, service: 'kms', user: 'kms', password: 'wrong' })).rejects.toThrow();
      await expect(connect({ servers, reconnect: false })).rejects.toThrow();
    });

    it.each([
      ['a call it may not make', `${greet.subject}.audit`],
      ['a call in the name of another', `${greet.subject}.gateway`],
      ['an event of another', changed.subject],
      ['the inbox of another', `${inboxPrefix('gateway')}.abc.1`],
      ['JetStream', '$JS.API.STREAM.CREATE.x'],
    ])('refuses to publish %s', async (_what, subject) => {
      raw.publish(subject, 'x');
      await raw.flush();
      await expect.poll(violations).toEqual([`publish ${subject}`]);
    });

    it.each([
      ['subjects of another', `${greet.subject}.*`],
      ['replies to another', `${inboxPrefix('gateway')}.>`],
      ['everything', '>'],
      ['all inboxes', '*.>'],
      ['an event not meant for it', changed.subject],
    ])('refuses to listen to %s', async (_what, subject) => {
      raw.subscribe(subject, { callback: () => undefined });
      await raw.flush();
      await expect.poll(violations).toEqual([`subscription ${subject}`]);
    });

    it('lets a receiver answer each message once and nothing else', async () => {
      const identity = await open('identity');
      const gateway = await open('gateway');
      const replies: string[] = [];
      gateway.subscribe(`${inboxPrefix('gateway')}.>`, {
        callback: (_error, message) => void replies.push(message.string()),
      });
      identity.subscribe(`${greet.subject}.*`, {
        callback: (_error, message) => {
          message.respond('first');
          message.respond('second');
        },
      });
      await identity.flush();
      gateway.publish(`${greet.subject}.gateway`, 'x', { reply: `${inboxPrefix('gateway')}.a.1` });
      await expect.poll(() => violations().length).toBe(1);
      await gateway.flush();
      expect(replies).toEqual(['first']);
      await identity.close();
      await gateway.close();
    });

    it('fails a call that the broker refuses at once, though the client would allow it', async () => {
      const gateway = await world.transport('gateway');
      const wider = { ...secretOfKms, callers: [...services] };
      const started = performance.now();
      const error: unknown = await gateway.client.call(wider, {}).catch((reason: unknown) => reason);
      expect(isFault(error, 'NotPermitted')).toBe(true);
      expect(performance.now() - started).toBeLessThan(1_000);
      await gateway.drain();
    });

    it('does not start a server whose subjects the broker refuses', async () => {
      const { url } = world.server;
      const impostor = await natsTransport({
        servers: [url],
        service: 'identity',
        user: 'audit',
        password: passwordOf('audit'),
      });
      await expect(serve(impostor, [handle(greet, async () => ({ text: '' }))])).rejects.toThrow(/does not let/);
      await impostor.drain();
    });

    it('names exactly the subjects of a service', () => {
      expect(natsPermissions('identity', allContracts, allEvents)).toEqual({
        publish: ['coffer.v1.kms.secret.identity', 'coffer.v1.identity.event.changed'],
        subscribe: [
          '_INBOX_identity.>',
          'coffer.v1.identity.greet.*',
          'coffer.v1.identity.safe-greet.*',
          'coffer.v1.identity.who.*',
          'coffer.v1.identity.put.*',
          'coffer.v1.identity.add.*',
          'coffer.v1.identity.read-all.*',
          'coffer.v1.identity.add-in.*',
        ],
      });
      expect(natsPermissions('audit', allContracts, allEvents)).toEqual({ publish: [], subscribe: ['_INBOX_audit.>'] });
    });
  });

  describe('NATS going wrong', () => {
    let world: NatsWorld;
    afterEach(() => world.close());

    it('refuses a message or reply larger than the broker carries, clearly', async () => {
      world = await natsWorld(binary, (config) => config.replace(/max_payload: \d+/, 'max_payload: 65536'));
      const gateway = await world.transport('gateway');
      const identity = await world.transport('identity');
      await serve(identity, [
        handle(greet, async () => ({ text: 'x'.repeat(70_000) })),
        handle(add, async ({ left, body }) => ({ sum: left, size: body?.length ?? 0 })),
      ]);
      const bytes = new Uint8Array(70_000);
      await expect(gateway.client.call(greet, { name: 'x', bytes })).rejects.toMatchObject({
        code: 'InvalidMessage',
        message: expect.stringMatching(/ has 70\d{3} bytes; the bus carries \d+$/) as string,
      });
      await expect(gateway.client.call(greet, { name: 'x' })).rejects.toMatchObject({ code: 'Internal' });
      // A batch that turns out too large is divided; only the element that cannot travel fails.
      const settled = await Promise.allSettled(
        [30_000, 30_000, 70_000, 30_000].map((size, left) =>
          gateway.client.call(add, { left, right: 0, body: new Uint8Array(size) }),
        ),
      );
      expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
      await gateway.drain();
      await identity.drain();
    });

    it('gives all replies of a batch, though together they are larger than the broker carries', async () => {
      world = await natsWorld(binary, (config) => config.replace(/max_payload: \d+/, 'max_payload: 65536'));
      const gateway = await world.transport('gateway');
      const identity = await world.transport('identity');
      const batches: number[] = [];
      await serve(identity, [
        handleBatch(readAll, async (messages) => {
          batches.push(messages.length);
          return messages.map(({ size }) => ({ bytes: new Uint8Array(size) }));
        }),
      ]);
      const sizes = [...Array.from({ length: 100 }, () => 20_000), ...Array.from({ length: 100 }, () => 70_000), 1];
      const settled = await Promise.allSettled(sizes.map((size) => gateway.client.call(readAll, { size })));
      expect(settled.map((one) => (one.status === 'fulfilled' ? one.value.bytes.length : one.reason.code))).toEqual(
        sizes.map((size) => (size === 70_000 ? 'Internal' : size)),
      );
      expect(Math.max(...batches)).toBeGreaterThan(50);
      await gateway.drain();
      await identity.drain();
    });

    it('learns at once that the broker died, and goes on with the next one', async () => {
      world = await natsWorld(binary);
      const gateway = await world.transport('gateway');
      const identity = await world.transport('identity');
      await serve(identity, [handle(greet, async () => (await sleep(300), { text: 'done' }))]);
      const call = gateway.client.call(greet, { name: 'x' }, { timeoutMs: 8_000 }).catch((error: unknown) => error);
      await sleep(50);
      const started = performance.now();
      const restarted = world.restart(50);
      expect(isFault(await call, 'Timeout')).toBe(true);
      expect(performance.now() - started).toBeLessThan(2_000);
      await restarted;
      await expect.poll(() => gateway.connected() && identity.connected(), { timeout: 10_000 }).toBe(true);
      await identity.ready();
      expect((await gateway.client.call(greet, { name: 'x' })).text).toBe('done');
      await gateway.drain();
      await identity.drain();
    });

    it('sends a safe call again when the connection was lost before the reply', async () => {
      world = await natsWorld(binary);
      const broker = new URL(world.server.url);
      const sockets = new Set<Socket>();
      const proxy = createServer((socket) => {
        const upstream = dial(Number(broker.port), broker.hostname);
        for (const each of [socket, upstream]) sockets.add(each.on('error', () => undefined));
        socket.pipe(upstream).pipe(socket);
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      const { port } = proxy.address() as AddressInfo;
      const user = 'gateway';
      const servers = [`nats://127.0.0.1:${port}`];
      const gateway = await natsTransport({ servers, service: user, user, password: passwordOf(user) });
      const identity = await world.transport('identity');
      let calls = 0;
      await serve(identity, [
        handle(safeGreet, async () => {
          calls += 1;
          await sleep(200);
          return { text: `answer ${calls}` };
        }),
      ]);
      const call = gateway.client.call(safeGreet, { name: 'x' }, { timeoutMs: 8_000 });
      await expect.poll(() => calls).toBe(1);
      for (const socket of sockets) socket.destroy();
      expect((await call).text).toBe('answer 2');
      await gateway.drain();
      await identity.drain();
      proxy.close();
    });

    it('gets answers soon after the process was killed that had the calls', async () => {
      world = await natsWorld(binary);
      const children: ChildProcess[] = [];
      const receiver = async (way: 'hang' | 'answer'): Promise<{ child: ChildProcess; lines: string[] }> => {
        const script = join(import.meta.dirname, 'receiver.mjs');
        const argv = ['--conditions=@coffer/source', script, world.server.url, passwordOf('identity'), way];
        const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
        children.push(child);
        const lines: string[] = [];
        createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
        await expect.poll(() => lines.includes('ready'), { timeout: 10_000 }).toBe(true);
        return { child, lines };
      };
      try {
        const gateway = await world.transport('gateway');
        const { child, lines } = await receiver('hang');
        const calls = Array.from({ length: 50 }, (_, each) =>
          gateway.client.call(safeGreet, { name: String(each) }, { timeoutMs: 40_000 }),
        );
        await expect.poll(() => lines.filter((line) => line === 'got').length).toBe(50);
        child.kill('SIGKILL');
        const killed = performance.now();
        await new Promise((resolve) => child.once('exit', resolve));
        await sleep(50);
        // Who asks now learns at once that nobody is there.
        const refused = await gateway.client.call(safeGreet, { name: 'new' }).catch((error: unknown) => error);
        expect(isFault(refused, 'Unavailable')).toBe(true);
        expect(performance.now() - killed).toBeLessThan(1_000);
        await sleep(1_500);
        await receiver('answer');
        const back = performance.now();
        expect((await Promise.all(calls)).map(({ text }) => text)).toEqual(calls.map((_, each) => String(each)));
        expect(performance.now() - back).toBeLessThan(3_000);
        await gateway.drain();
      } finally {
        for (const child of children) child.kill('SIGKILL');
      }
    });

    it('says Unavailable while the broker is away, and drains without it', async () => {
      world = await natsWorld(binary);
      const gateway = await world.transport('gateway');
      const identity = await world.transport('identity');
      await serve(identity, [handle(greet, async () => ({ text: '' }))]);
      await world.server.stop('SIGKILL');
      await expect.poll(() => gateway.connected() || identity.connected()).toBe(false);
      await expect(identity.ready()).rejects.toThrow();
      await expect(gateway.client.call(greet, { name: 'x' })).rejects.toMatchObject({ code: 'Unavailable' });
      const started = performance.now();
      await gateway.drain();
      await identity.drain();
      expect(performance.now() - started).toBeLessThan(1_000);
    });
  });
}
