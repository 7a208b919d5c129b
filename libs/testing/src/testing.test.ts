import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { requireDurable, sql } from '@coffer/database';
import { afterEach, beforeAll, afterAll, describe, expect, it, vi } from 'vitest';
import { containersWanted } from './containers.ts';
import type { TestPostgres } from './index.ts';
import { findBinary, freePort, guard, requires, testMinio, testNats, testPostgres } from './index.ts';

const USERS = 'authorization { users: [ { user: "kms", password: "right" } ] }';
if (containersWanted()) console.warn('skipped: a container is neither killed nor started again by a test');
const searchPath = sql('testing.searchPath', 'SHOW search_path');

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What a NATS server answers to CONNECT and PING with these credentials. */
async function knock(port: number, user: string, pass: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  socket.write(`CONNECT ${JSON.stringify({ user, pass, verbose: false })}\r\nPING\r\n`);
  for (let n = 0; n < 200 && !/PONG|-ERR/.test(text); n += 1) await pause(10);
  socket.destroy();
  return text;
}

describe('testPostgres', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await testPostgres('suite');
  });
  afterAll(() => postgres.close());

  it('gives a durable database in which each service finds its own schema', async () => {
    const db = postgres.open('object-storage');
    await requireDurable(db);
    expect(await db.query(searchPath)).toEqual([{ search_path: 'objects' }]);
  });

  it('gives further databases on the same server, and drops them with connections open', async () => {
    const other = await postgres.database('Other One');
    expect(other.name).toMatch(/^other_one_[0-9a-f]{12}$/);
    expect(new URL(other.adminUrl).port).toBe(new URL(postgres.adminUrl).port);
    await other.open('kms').check();
    await other.drop();
    await expect(other.open('kms').check()).rejects.toThrow(/does not exist/);
  });

  it('shares one server within the process, which outlives the first of its users', async () => {
    const second = await testPostgres('second');
    expect(new URL(second.adminUrl).port).toBe(new URL(postgres.adminUrl).port);
    await second.close();
    await postgres.open('audit').check();
  });
});

describe('guard', () => {
  it('ends the server when the process that armed it is killed', async () => {
    const server = spawn('sleep', ['1000'], { stdio: 'ignore' });
    // A process that arms the guard and is then killed.
    const program = `const { guard } = await import(${JSON.stringify(new URL('../../database/src/embedded/guard.ts', import.meta.url).href)});
      guard(${server.pid}, { signal: 'KILL' }); console.log('armed'); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(parent.stdout, 'data');
    expect(alive(server.pid as number)).toBe(true);
    parent.kill('SIGKILL');
    const [, signal] = (await once(server, 'exit')) as [number | null, string];
    expect(signal).toBe('SIGKILL');
  });

  it('leaves the server alone once it is taken off', async () => {
    const server = spawn('sleep', ['1000'], { stdio: 'ignore' });
    guard(server.pid as number, { signal: 'KILL' })();
    await pause(300);
    expect(alive(server.pid as number)).toBe(true);
    server.kill('SIGKILL');
    await once(server, 'exit');
  });
});

describe('requires', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it('finds programs on PATH and says what it skips for', () => {
    vi.stubEnv('CI', '');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    expect(requires('sh')).toBe(true);
    expect(requires('sh', 'no-such-program')).toBe(false);
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('no-such-program'));
  });

  it('fails instead of skipping in CI', () => {
    vi.stubEnv('CI', 'true');
    expect(() => requires('no-such-program')).toThrow(/no-such-program/);
  });

  it('takes the program that a variable names, or none', () => {
    vi.stubEnv('COFFER_NATS_BIN', '/bin/sh');
    expect(findBinary('nats-server')).toBe('/bin/sh');
    vi.stubEnv('COFFER_NATS_BIN', '/nowhere/nats-server');
    expect(findBinary('nats-server')).toBeUndefined();
  });
});

describe('freePort', () => {
  it('is free', async () => {
    const socket = connect(await freePort(), '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });
});

describe.runIf(containersWanted() || requires('nats-server'))('testNats', () => {
  it('runs a server with the given users', async () => {
    const nats = await testNats({ jetstream: true, config: USERS });
    try {
      expect(await knock(nats.port, 'kms', 'right')).toContain('PONG');
      expect(await knock(nats.port, 'kms', 'wrong')).toContain('Authorization Violation');
    } finally {
      await nats.stop();
    }
  });

  it.runIf(!containersWanted())('as a process, can be killed and started again', async () => {
    const nats = await testNats({ config: USERS });
    try {
      const before = nats.pid as number;
      await nats.kill();
      expect(alive(before)).toBe(false);
      await nats.up();
      expect(nats.pid).not.toBe(before);
      expect(await knock(nats.port, 'kms', 'right')).toContain('PONG');
    } finally {
      await nats.stop();
    }
    expect(nats.pid).toBeUndefined();
  });

  it.runIf(!containersWanted())('as a process, says why it does not start', async () => {
    await expect(testNats({ config: 'authorization {' })).rejects.toThrow(/nats-server did not start:\n.+/s);
  });
});

describe.runIf(containersWanted() || requires('minio'))('testMinio', () => {
  it('runs a server that answers, and stops it', async () => {
    const minio = await testMinio();
    expect((await fetch(`${minio.endpoint}/`)).status).toBe(403);
    await minio.stop();
    await expect(fetch(`${minio.endpoint}/`)).rejects.toThrow();
  });

  it.runIf(!containersWanted())('as a process, leaves nothing behind', async () => {
    const minio = await testMinio();
    const pid = minio.pid as number;
    expect(existsSync(minio.folder as string)).toBe(true);
    await minio.stop();
    expect(alive(pid)).toBe(false);
    expect(existsSync(minio.folder as string)).toBe(false);
  });
});
