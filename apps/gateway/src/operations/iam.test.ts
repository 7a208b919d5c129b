import { handle, inProcessTransport, InProcessHub } from '@coffer/bus';
import { type Forwarded, identity } from '@coffer/contracts';
import { evaluate, parsePolicy } from '@coffer/iam-policy';
import { createLogger, startNest } from '@coffer/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayModule } from '../app.module.ts';
import type { Need } from '../authorize/authorize.ts';
import type { Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { identityOperations } from './iam.ts';
import type { NeedsInput } from './operation.ts';

const log = createLogger({ service: 'test', level: 'silent' });
const accountId = '111122223333';
const arnOf = (path: string) => `arn:aws:iam::${accountId}:user${path}`;
const CALLER = arnOf('/staff/carol');

/** What the operators of most accounts write: everything about users, but not about the administrators. */
const ALL_BUT_ADMINS = parsePolicy(
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iam:*', Resource: '*' },
      { Effect: 'Deny', Action: 'iam:*', Resource: 'arn:aws:iam::*:user/admin/*' },
    ],
  }),
  'iam-identity',
);

/** Operations on one user that is there, with the input that they take beside its name. */
const onOneUser = {
  GetUser: {},
  UpdateUser: {},
  DeleteUser: {},
  CreateAccessKey: {},
  ListAccessKeys: {},
  UpdateAccessKey: { AccessKeyId: 'AKIA1', Status: 'Inactive' },
  DeleteAccessKey: { AccessKeyId: 'AKIA1' },
  PutUserPolicy: { PolicyName: 'p', PolicyDocument: '{}' },
  GetUserPolicy: { PolicyName: 'p' },
  ListUserPolicies: {},
  DeleteUserPolicy: { PolicyName: 'p' },
} as const;
type Name = keyof typeof onOneUser;
const names = Object.keys(onOneUser) as Name[];

let paths: Map<string, string>;
let forwarded: { name: string; message: Forwarded }[];
let gateway: Gateway;
let stop: () => Promise<void>;

beforeEach(async () => {
  paths = new Map([
    ['ann', '/admin/'],
    ['bob', '/'],
    ['dora', '/admin/eu/'],
  ]);
  forwarded = [];
  const hub = new InProcessHub();
  const served = inProcessTransport(hub, 'identity');
  const nest = await startNest(
    GatewayModule,
    served,
    [
      handle(identity.userArn, async ({ accountId: account, userName }) => {
        const path = account === accountId ? paths.get(userName) : undefined;
        return path === undefined ? {} : { arn: arnOf(path + userName), userId: `AIDA${userName}` };
      }),
      ...Object.entries(identity.identityOperations).map(([name, contract]) =>
        handle(contract, async (message) => {
          forwarded.push({ name, message });
          return { output: {} };
        }),
      ),
    ],
    log,
  );
  const transport = inProcessTransport(hub, 'gateway');
  gateway = { bus: transport.client } as Gateway;
  stop = async () => {
    await nest.close();
    await transport.drain();
    await served.drain();
  };
});
afterEach(() => stop());

function operationOf(name: string): (typeof identityOperations)[number] {
  const found = identityOperations.find((operation) => operation.name === name);
  if (!found) throw new Error(`${name} is not served`);
  return found;
}

async function needsOf(name: string, input: Record<string, unknown>): Promise<readonly Need[]> {
  const request = { input, accountId, arn: CALLER } as unknown as NeedsInput;
  return await operationOf(name).needs(request, gateway);
}

async function allowed(name: string, input: Record<string, unknown>): Promise<boolean> {
  const principal = { kind: 'user', accountId, arn: CALLER, userId: 'AIDACAROL', canonicalId: 'c' } as const;
  const needs = await needsOf(name, input);
  expect(needs.length).toBeGreaterThan(0);
  return needs.every(
    ({ action, resource }) =>
      evaluate(
        { principal, action, resource, resourceAccountId: accountId, context: new Map() },
        { identity: [ALL_BUT_ADMINS] },
      ).allowed,
  );
}

describe('an operation on a user', () => {
  it.each(names)('%s is judged under the path that identity keeps', async (name) => {
    expect(await needsOf(name, { UserName: 'ann', ...onOneUser[name] })).toEqual([
      { action: `iam:${name}`, resource: arnOf('/admin/ann') },
    ]);
    expect(await allowed(name, { UserName: 'ann', ...onOneUser[name] })).toBe(false);
    expect(await allowed(name, { UserName: 'dora', ...onOneUser[name] })).toBe(false);
    expect(await allowed(name, { UserName: 'bob', ...onOneUser[name] })).toBe(true);
  });

  it.each(names)('%s does not believe a path that the request claims', async (name) => {
    expect(await allowed(name, { UserName: 'ann', Path: '/', ...onOneUser[name] })).toBe(false);
  });

  it('is judged as at the root path when there is no such user', async () => {
    const [need] = await needsOf('GetUser', { UserName: 'nobody' });
    expect(need?.resource).toBe(arnOf('/nobody'));
  });

  it('is about the caller when it names nobody', async () => {
    expect(await needsOf('CreateAccessKey', {})).toEqual([{ action: 'iam:CreateAccessKey', resource: CALLER }]);
  });

  it('is refused when identity cannot tell the path', async () => {
    await stop();
    await expect(needsOf('GetUser', { UserName: 'ann' })).rejects.toThrow();
    stop = async () => undefined;
  });
});

describe('UpdateUser', () => {
  const resources = async (input: Record<string, unknown>) =>
    (await needsOf('UpdateUser', input)).map((need) => need.resource);

  it('is judged for where the user was and for where it will be', async () => {
    const from = arnOf('/admin/eu/dora');
    expect(await resources({ UserName: 'dora', NewUserName: 'eve' })).toEqual([from, arnOf('/admin/eu/eve')]);
    expect(await resources({ UserName: 'dora', NewPath: '/' })).toEqual([from, arnOf('/dora')]);
    expect(await resources({ UserName: 'bob', NewPath: '/x/', NewUserName: 'eve' })).toEqual([
      arnOf('/bob'),
      arnOf('/x/eve'),
    ]);
    expect(await resources({ UserName: 'bob', NewPath: '/' })).toEqual([arnOf('/bob')]);
    expect(await resources({ UserName: 'nobody', NewPath: '/x/' })).toEqual([arnOf('/nobody'), arnOf('/x/nobody')]);
  });

  it('moves nobody out of what is denied, nor into it', async () => {
    expect(await allowed('UpdateUser', { UserName: 'ann', NewPath: '/' })).toBe(false);
    expect(await allowed('UpdateUser', { UserName: 'bob', NewPath: '/admin/' })).toBe(false);
    expect(await allowed('UpdateUser', { UserName: 'bob', NewPath: '/staff/', NewUserName: 'rob' })).toBe(true);
  });
});

describe('CreateUser', () => {
  it('is judged under the path of the request', async () => {
    expect(await allowed('CreateUser', { UserName: 'new', Path: '/admin/' })).toBe(false);
    expect(await allowed('CreateUser', { UserName: 'new' })).toBe(true);
  });
});

describe('ListUsers', () => {
  it('is judged on the path prefix that is listed', async () => {
    expect(await needsOf('ListUsers', {})).toEqual([{ action: 'iam:ListUsers', resource: arnOf('/') }]);
    const [need] = await needsOf('ListUsers', { PathPrefix: '/admin/eu/' });
    expect(need?.resource).toBe(arnOf('/admin/eu/'));
    expect(await allowed('ListUsers', { PathPrefix: '/staff/' })).toBe(true);
    expect(await allowed('ListUsers', { PathPrefix: '/admin/' })).toBe(false);
  });
});

describe('what identity is sent', () => {
  const draft = {
    requestId: '0'.repeat(26),
    phase: 'draft' as const,
    time: 1,
    gateway: 'gw',
    region: 'us-east-1',
    api: 'iam' as const,
    operation: 'x',
    method: 'POST',
    uri: '/',
  };

  function exchangeOf(input: Record<string, unknown>): Exchange {
    const principal = { kind: 'user', accountId, arn: CALLER, userId: 'AIDACAROL', canonicalId: 'c' };
    return {
      input,
      caller: { requestId: draft.requestId, principal, region: 'us-east-1' },
      incoming: { time: 1 },
      hasBucket: () => false,
      calling: (call: () => Promise<unknown>) => call(),
      draft: () => draft,
    } as unknown as Exchange;
  }

  it.each(names)('of %s names the ARN that was judged last', async (name) => {
    const input = { UserName: 'bob', ...onOneUser[name] };
    await needsOf(name, input);
    paths.set('bob', '/staff/');
    await needsOf(name, input);
    await operationOf(name).perform(exchangeOf(input), gateway);
    expect(forwarded).toHaveLength(1);
    expect(forwarded[0]).toMatchObject({ name, message: { input, userArn: arnOf('/staff/bob') } });
    expect(forwarded[0]?.message.draft !== undefined).toBe(operationOf(name).mutates);
  });

  it('is nothing at all when nothing was judged', async () => {
    await expect(operationOf('DeleteUser').perform(exchangeOf({ UserName: 'bob' }), gateway)).rejects.toThrow(
      'not judged',
    );
    expect(forwarded).toEqual([]);
  });
});
