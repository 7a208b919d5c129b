import { handle, inProcessTransport, InProcessHub } from '@coffer/bus';
import { identity, isFault } from '@coffer/contracts';
import { createLogger, startNest } from '@coffer/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayModule } from '../app.module.ts';
import { IdentityLease } from './lease.ts';
import { Principals } from './principals.ts';

const log = createLogger({ service: 'test', level: 'silent' });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const scope = { accessKeyId: 'AKIA1', date: '20260101', region: 'us-east-1', service: 's3' };

/** Identity as the gateway sees it: an epoch, the accounts that changed, and who holds a key. */
class Identity {
  epoch = 1;
  changedAccounts: string[] | undefined = [];
  asked = 0;
  /** The epochs that the gateway named, one for each time it asked for a lease. */
  named: (number | undefined)[] = [];
  replyDelayMs = 0;
  /** Runs while a key is being resolved, after its answer was read. */
  meanwhile: (() => void | Promise<void>) | undefined;
  down = false;

  registrations() {
    return [
      handle(identity.lease, async (message) => {
        this.named.push(message.epoch);
        if (this.down) throw new Error('down');
        const reply = {
          epoch: this.epoch,
          leaseMs: 1000,
          ...(this.changedAccounts ? { changedAccounts: this.changedAccounts } : {}),
        };
        await pause(this.replyDelayMs);
        return reply;
      }),
      handle(identity.resolveKey, async ({ accessKeyId }) => {
        this.asked++;
        const reply = {
          principal: {
            kind: 'root' as const,
            accountId: '111122223333',
            arn: `arn:${accessKeyId}`,
            userId: 'x',
            canonicalId: 'c',
          },
          policies: [],
          epoch: this.epoch,
          signingKey: Buffer.alloc(32),
        };
        await this.meanwhile?.();
        return reply;
      }),
    ];
  }
}

let known: Identity;
let principals: Principals;
let lease: IdentityLease;
let stop: () => Promise<void>;

beforeEach(async () => {
  known = new Identity();
  const hub = new InProcessHub();
  const served = inProcessTransport(hub, 'identity');
  const nest = await startNest(GatewayModule, served, known.registrations(), log);
  const transport = inProcessTransport(hub, 'gateway');
  principals = new Principals(transport.client);
  lease = new IdentityLease(transport.client, 'gw', principals, log);
  principals.use(lease);
  stop = async () => {
    lease.stop();
    await nest.close();
    await transport.drain();
    await served.drain();
  };
});
afterEach(() => stop());

describe('what the gateway trusts of identity', () => {
  it('serves a cached principal while the lease holds, and asks again when its account changed', async () => {
    const first = await principals.byAccessKey(scope);
    expect(await principals.byAccessKey(scope)).toBe(first);
    expect(known.asked).toBe(1);
    known.epoch = 2;
    known.changedAccounts = ['999999999999'];
    await pause(1000);
    expect(await principals.byAccessKey(scope)).toBe(first);
    known.epoch = 3;
    known.changedAccounts = ['111122223333'];
    await pause(1000);
    expect(await principals.byAccessKey(scope)).not.toBe(first);
    expect(known.asked).toBe(2);
  });

  it('acknowledges a new epoch at once, once', async () => {
    await lease.hold();
    known.epoch = 2;
    await pause(1000);
    await lease.hold();
    await pause(50);
    expect(known.named).toEqual([undefined, 1, 2]);
  });

  it('forgets everything when identity cannot list what changed', async () => {
    const first = await principals.byAccessKey(scope);
    known.epoch = 5000;
    known.changedAccounts = undefined;
    await pause(1000);
    expect(await principals.byAccessKey(scope)).not.toBe(first);
  });

  it('does not keep an answer that was read before a change it has already heard of', async () => {
    lease.start();
    await pause(50);
    known.meanwhile = async () => {
      known.meanwhile = undefined;
      known.epoch = 2;
      known.changedAccounts = ['111122223333'];
      await pause(600);
    };
    expect((await principals.byAccessKey(scope)).epoch).toBe(2);
    expect(known.asked).toBe(2);
  });

  it('fails closed with 503 when identity is away and the lease has run out', async () => {
    await principals.byAccessKey(scope);
    known.down = true;
    await pause(1000);
    const error = await principals.byAccessKey(scope).catch((reason: unknown) => reason);
    expect(isFault(error, 'ServiceUnavailable')).toBe(true);
  });

  it('counts the lease from the moment of asking, so a slow answer shortens it', async () => {
    known.replyDelayMs = 600;
    await lease.hold();
    expect(lease.valid()).toBe(true);
    await pause(400);
    expect(lease.valid()).toBe(false);
  });
});
