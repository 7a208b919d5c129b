import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  findNatsServer,
  natsTransport,
  renderNatsConfig,
  startNatsServer,
  type BusTransport,
  type NatsServerProcess,
} from '@coffer/bus';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { greet } from './greet.ts';

const binary = findNatsServer();
if (binary === undefined && process.env['CI'] === 'true') throw new Error('nats-server is missing');
if (binary === undefined) console.warn('skipped: nats-server is neither in COFFER_NATS_BIN nor on PATH');
const fixture = join(import.meta.dirname, 'service.fixture.ts');
const PASSWORD = 'hunter2hunter2';

interface Child {
  process: ChildProcess;
  output(): string;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

function start(env: NodeJS.ProcessEnv): Child {
  const child = spawn(process.execPath, ['--conditions=@coffer/source', fixture], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return { process: child, output: () => output, exited };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('runService', () => {
  it('says all that is wrong with its environment and exits with 1', async () => {
    const child = start({
      COFFER_NATS_URL: 'http://bus',
      COFFER_HEALTH_PORT: 'many',
      COFFER_DATABASE_URL: `x${PASSWORD}`,
    });
    expect((await child.exited).code).toBe(1);
    for (const name of [
      'COFFER_NATS_URL',
      'COFFER_NATS_PASSWORD is not set',
      'COFFER_HEALTH_PORT',
      'COFFER_DATABASE_URL',
    ]) {
      expect(child.output()).toContain(name);
    }
    expect(child.output()).not.toContain(PASSWORD);
    expect(child.output()).not.toContain('    at ');
  });

  it('refuses a failpoint of a wrong form', async () => {
    const child = start({ COFFER_FAILPOINT: 'a:b:c' });
    expect((await child.exited).code).not.toBe(0);
    expect(child.output()).toContain('COFFER_FAILPOINT');
  });
});

describe.skipIf(binary === undefined)('runService on NATS', () => {
  let folder: string;
  let port: number;
  let health: number;
  let server: NatsServerProcess | undefined;
  let gateway: BusTransport;
  const children: Child[] = [];

  const broker = async (): Promise<void> => {
    const users = (['gateway', 'kms'] as const).map((service) => ({ service, password: PASSWORD }));
    const config = renderNatsConfig({ users, contracts: [greet], events: [], port });
    server = await startNatsServer({ binary: binary ?? '', folder, config });
    const servers = [server.url];
    gateway = await natsTransport({ servers, service: 'gateway', user: 'gateway', password: PASSWORD });
  };
  const service = (env: NodeJS.ProcessEnv = {}): Child => {
    const child = start({
      COFFER_NATS_URL: `nats://127.0.0.1:${port}`,
      COFFER_NATS_PASSWORD: PASSWORD,
      COFFER_HEALTH_PORT: String(health),
      ...env,
    });
    children.push(child);
    return child;
  };
  const status = async (path: string): Promise<number> =>
    await fetch(`http://127.0.0.1:${health}${path}`).then(
      (response) => response.status,
      () => 0,
    );
  const ready = () => expect.poll(() => status('/readyz'), { timeout: 20_000 }).toBe(200);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coffer-kit-'));
    [port, health] = [await freePort(), await freePort()];
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.process.kill('SIGKILL');
    await gateway.drain();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('waits for NATS, serves, finishes what is under way on SIGTERM and exits with 0', async () => {
    const child = service();
    await expect.poll(() => child.output(), { timeout: 20_000 }).toContain('waiting for NATS');
    expect(await status('/livez')).toBe(200);
    expect(await status('/readyz')).toBe(503);
    await broker();
    await ready();
    expect(await status('/metrics')).toBe(200);
    const slow = gateway.client.call(greet, { waitMs: 500 });
    await sleep(100);
    child.process.kill('SIGTERM');
    expect((await slow).pid).toBe(child.process.pid);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.output()).toContain('stopped');
    expect(child.output()).not.toContain(PASSWORD);
  });

  it('can be stopped while it still waits', async () => {
    await broker();
    const child = service({ COFFER_NATS_PASSWORD: 'wrong' });
    await expect.poll(() => child.output(), { timeout: 20_000 }).toContain('waiting for NATS');
    child.process.kill('SIGTERM');
    expect((await child.exited).code).toBe(0);
  });

  it('dies at an armed failpoint at its turn, as in a power cut', async () => {
    await broker();
    const child = service({ COFFER_FAILPOINT: 'greet.before-answer:2' });
    await ready();
    await gateway.client.call(greet, { waitMs: 0 });
    await expect(gateway.client.call(greet, { waitMs: 0 }, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'Timeout',
    });
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('refuses a failpoint that exists nowhere', async () => {
    await broker();
    const child = service({ COFFER_FAILPOINT: 'no.such.place' });
    expect((await child.exited).code).toBe(1);
    expect(child.output()).toContain('no such failpoint');
  });
});
