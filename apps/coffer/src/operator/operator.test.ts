import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { handle, InProcessHub, inProcessTransport } from '@coffer/bus';
import { Fault, identity, status as contracts } from '@coffer/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelOperator } from './channel-client.ts';
import { openChannel, type ChannelServer } from './channel-server.ts';
import { exportLines, shellQuote } from './export-lines.ts';
import { busOperator } from './nats-operator.ts';
import { isHealthy, statusOfAll } from './operator.ts';

const folder = mkdtempSync(join(tmpdir(), 'coffer-channel-'));
const socket = join(folder, 'c.sock');
const endpoints = { endpoint: 'http://127.0.0.1:9010', region: 'us-east-1' };
let channel: ChannelServer;

beforeAll(async () => {
  const hub = new InProcessHub();
  const service = inProcessTransport(hub, 'identity');
  const account = { accountId: '123456789012', name: 'main', canonicalId: 'c', createdAt: 1 };
  const server = service.strategy([
    handle(identity.listAccounts, async () => ({ accounts: [account] })),
    handle(identity.createAccount, async () => {
      throw new Fault('AccountAlreadyExists', 'there is one');
    }),
  ]);
  await new Promise<void>((resolve) => void server.listen(() => resolve()));
  channel = await openChannel(socket, inProcessTransport(hub, 'operator').client, endpoints);
});
afterAll(async () => {
  await channel.close();
  rmSync(folder, { recursive: true, force: true });
});

function post(path: string, body: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: socket, method: 'POST', path }, (response) => {
      text(response).then((answer) => resolve(JSON.parse(answer)), reject);
    });
    call.once('error', reject);
    call.end(body);
  });
}

describe("operator's channel", () => {
  it('carries calls and faults for its owner alone', async () => {
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    const operator = await channelOperator(socket);
    expect(operator.endpoints).toEqual(endpoints);
    const { accounts } = await operator.call(identity.listAccounts, {});
    expect(accounts.map(({ name }) => name)).toEqual(['main']);
    const create = operator.call(identity.createAccount, { name: 'x', operationId: '1' });
    await expect(create).rejects.toMatchObject({ code: 'AccountAlreadyExists' });
  });

  it('offers nothing that is not for operators, and takes no broken message', async () => {
    expect(await post(`/${identity.resolveKey.subject}`, '{}')).toMatchObject({ fault: { code: 'NotPermitted' } });
    expect(await post('/__proto__', '{}')).toMatchObject({ fault: { code: 'NotPermitted' } });
    expect(await post(`/${identity.listAccounts.subject}`, 'x')).toMatchObject({ fault: { code: 'InvalidMessage' } });
    const long = `{"name":"${'x'.repeat(1024 * 1024)}"}`;
    expect(await post(`/${identity.createAccount.subject}`, long)).toMatchObject({ fault: { code: 'InvalidMessage' } });
  });

  it('tells services that do not answer from those that do', async () => {
    const statuses = await statusOfAll(await channelOperator(socket));
    expect(statuses.kms.up).toBe(false);
    expect(isHealthy(statuses)).toBe(false);
    const saying = (outcome: string) => ({ instance: 'a/1', version: '1', startedAt: 1, checks: { rootKey: outcome } });
    expect(isHealthy({ kms: { up: true, processes: [saying('ok')] } })).toBe(true);
    expect(isHealthy({ kms: { up: true, processes: [saying('ok'), saying('sealed')] } })).toBe(false);
    expect(isHealthy({ kms: { up: false, processes: [saying('ok')] } })).toBe(false);
  });

  it('asks every replica, and says how many are lacking', async () => {
    const hub = new InProcessHub();
    for (const [index, outcome] of ['ok', 'sealed'].entries()) {
      const reply = { instance: `host/${index}`, version: '1', startedAt: 1, checks: { rootKey: outcome } };
      const server = inProcessTransport(hub, 'kms').strategy([handle(contracts.kms, async () => reply)]);
      await new Promise<void>((resolve) => void server.listen(() => resolve()));
    }
    const one = { kms: 1, identity: 1, governance: 1, 'object-storage': 1, audit: 1, gateway: 1 };
    const statusWith = async (kms: number) =>
      (await statusOfAll(busOperator(inProcessTransport(hub, 'operator'), endpoints, { ...one, kms }))).kms;
    expect(await statusWith(2)).toMatchObject({
      up: true,
      processes: [{ instance: 'host/0' }, { instance: 'host/1', checks: { rootKey: 'sealed' } }],
    });
    expect(await statusWith(3)).toMatchObject({ up: false, reason: 'only 2 of 3 processes answer' });
  });

  it('refuses a path that no socket can have', async () => {
    const path = join(folder, 'x'.repeat(120));
    await expect(
      openChannel(path, inProcessTransport(new InProcessHub(), 'operator').client, endpoints),
    ).rejects.toThrow(/too long for a Unix socket/);
  });
});

describe('lines to paste', () => {
  it.each(['plain/+=', 'it\'s a $HOME `x` "y"', 'ünï code', ''])('mean the same to a shell: %s', (value) => {
    const script = `${exportLines({ X: value })}printf %s "$X"`;
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(value);
  });

  it('have quotes only where they need them', () => {
    expect(shellQuote('http://127.0.0.1:9010')).toBe('http://127.0.0.1:9010');
  });
});
