import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { nodeVersionProblem } from './node-version.ts';
import { probePostgres } from './postgres-probe.ts';
import { waitFor } from './wait-for.ts';

const logger = createLogger({ service: 'kms', level: 'silent' });

describe('waitFor', () => {
  it('tries until it works', async () => {
    let tries = 0;
    const attempt = async (): Promise<string> => {
      tries += 1;
      if (tries < 3) throw new Error('not yet');
      return 'there';
    };
    expect(await waitFor('it', attempt, { logger })).toBe('there');
    expect(tries).toBe(3);
  });

  it('gives up when asked to', async () => {
    const controller = new AbortController();
    const waiting = waitFor('it', () => Promise.reject(new Error('never')), { logger, signal: controller.signal });
    controller.abort(new Error('stopping'));
    await expect(waiting).rejects.toThrow();
  });
});

describe('probePostgres', () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  const answering = async (answer: (socket: Socket, startup: Buffer) => void): Promise<string> => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (startup: Buffer) => answer(socket, startup));
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return `postgres://kms:hunter2@127.0.0.1:${(server.address() as AddressInfo).port}/coffer`;
  };

  it('is content when a password is asked for, and sends none', async () => {
    let sent = '';
    const url = await answering((socket, startup) => {
      sent = startup.toString('latin1');
      socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 10]));
    });
    await probePostgres(url);
    expect(sent).toContain('user\0kms\0database\0coffer\0\0');
    expect(sent).not.toContain('hunter2');
  });

  it('goes on waiting while Postgres starts, closes or is not there', async () => {
    const error = Buffer.from('SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0');
    const head = Buffer.from([0x45, 0, 0, 0, error.length + 4]);
    await expect(
      probePostgres(await answering((socket) => socket.write(Buffer.concat([head, error])))),
    ).rejects.toThrow('starting');
    server?.close();
    await expect(probePostgres(await answering((socket) => socket.end()))).rejects.toThrow('closed');
    server?.close();
    await expect(probePostgres('postgres://kms@127.0.0.1:1/coffer')).rejects.toThrow();
  });
});

describe('nodeVersionProblem', () => {
  it.each(['22.15.0', '22.20.1', '23.0.0', '24.11.1'])('accepts %s', (version) => {
    expect(nodeVersionProblem(version)).toBeUndefined();
  });
  it.each(['20.20.2', '22.14.9', '18.0.0', '9.0.0'])('refuses %s in one sentence that says what to run', (version) => {
    const problem = nodeVersionProblem(version);
    expect(problem).toContain('node_modules/.bin/node');
    expect(problem).toContain(version);
    expect(problem).not.toContain('\n');
  });
});
