import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { rootKeys } from './harness/clients.ts';
import type { Signing } from './harness/sign.ts';
import { signed } from './harness/sign.ts';
import { present } from './harness/stack.ts';
import type { Sending, Wire } from './harness/wire.ts';
import { send } from './harness/wire.ts';

const VERSIONS = { iam: '2010-05-08', sts: '2011-06-15' } as const;
const POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}';

/** Status and code of the error document of the query protocol. */
const said = ({ status, text }: Wire) =>
  `${status} ${/^<ErrorResponse[^>]*>\s*<Error>[\s\S]*?<Code>([^<]*)<\/Code>/.exec(text.replace(/^<\?xml[^>]*>\s*/, ''))?.[1]}`;

describe.runIf(present)('errors of IAM and STS', () => {
  const UserName = `errors-${randomBytes(4).toString('hex')}`;

  const request = (parameters: Record<string, string>, more: Partial<Signing> = {}): Promise<Sending> => {
    const service = (more.service ?? 'iam') as keyof typeof VERSIONS;
    return signed({
      method: 'POST',
      path: '/',
      region: 'us-east-1',
      service,
      body: new URLSearchParams({ Version: VERSIONS[service], ...parameters }).toString(),
      ...more,
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', ...more.headers },
    });
  };
  const ask = async (parameters: Record<string, string>, more: Partial<Signing> = {}) =>
    await send(await request(parameters, more));

  beforeAll(async () => {
    expect((await ask({ Action: 'CreateUser', UserName })).status).toBe(200);
    expect((await ask({ Action: 'CreateAccessKey', UserName })).status).toBe(200);
    expect((await ask({ Action: 'CreateAccessKey', UserName })).status).toBe(200);
  });

  it.each<[expected: string, title: string, parameters: Record<string, string>]>([
    ['404 NoSuchEntity', 'a user who is not here', { Action: 'GetUser', UserName: 'nobody-here' }],
    ['409 EntityAlreadyExists', 'a user of the same name', { Action: 'CreateUser', UserName }],
    [
      '409 EntityAlreadyExists',
      'a name that differs in its case alone',
      { Action: 'CreateUser', UserName: UserName.toUpperCase() },
    ],
    ['409 DeleteConflict', 'a user with access keys', { Action: 'DeleteUser', UserName }],
    ['409 LimitExceeded', 'a third access key', { Action: 'CreateAccessKey', UserName }],
    [
      '404 NoSuchEntity',
      'an access key that is not here',
      { Action: 'DeleteAccessKey', UserName, AccessKeyId: 'AKIAIOSFODNN7EXAMPLE' },
    ],
    ['404 NoSuchEntity', 'a policy that is not here', { Action: 'GetUserPolicy', UserName, PolicyName: 'none' }],
    [
      '400 MalformedPolicyDocument',
      'a policy that is none',
      { Action: 'PutUserPolicy', UserName, PolicyName: 'p', PolicyDocument: 'nonsense' },
    ],
    [
      '400 MalformedPolicyDocument',
      'a policy with a principal',
      {
        Action: 'PutUserPolicy',
        UserName,
        PolicyName: 'p',
        PolicyDocument: POLICY.replace('"Action"', '"Principal":"*","Action"'),
      },
    ],
    [
      '409 LimitExceeded',
      'policies of more than 2048 characters',
      {
        Action: 'PutUserPolicy',
        UserName,
        PolicyName: 'p',
        PolicyDocument: POLICY.replace('"*"', `"arn:aws:s3:::${'b'.repeat(2_100)}"`),
      },
    ],
    ['400 ValidationError', 'a name with a blank', { Action: 'CreateUser', UserName: 'a b' }],
    ['400 ValidationError', 'a name of 65 characters', { Action: 'CreateUser', UserName: 'u'.repeat(65) }],
    ['400 ValidationError', 'no name', { Action: 'CreateUser' }],
    ['400 ValidationError', 'a list of none', { Action: 'ListUsers', MaxItems: '0' }],
    ['400 ValidationError', 'a marker that is none', { Action: 'ListUsers', Marker: 'nonsense' }],
    [
      '400 ValidationError',
      'a status that is none',
      { Action: 'UpdateAccessKey', UserName, AccessKeyId: 'AKIAIOSFODNN7EXAMPLE', Status: 'Off' },
    ],
    ['400 InvalidAction', 'an action that is none', { Action: 'CreateFriend' }],
    [
      '501 NotImplemented',
      'an action that is not served',
      { Action: 'CreateRole', RoleName: 'r', AssumeRolePolicyDocument: POLICY },
    ],
  ])('%s: %s', async (expected, _, parameters) => {
    const answer = await ask(parameters);
    expect(said(answer), answer.text).toBe(expected);
  });

  it.each(['iam', 'sts'] as const)('of who asks %s', async (service) => {
    const Action = service === 'iam' ? 'ListUsers' : 'GetCallerIdentity';
    const keys = rootKeys();
    const unknown = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' };
    expect(said(await ask({ Action }, { service, keys: unknown }))).toBe('403 InvalidClientTokenId');
    expect(said(await ask({ Action }, { service, keys: { ...keys, secretAccessKey: 'x'.repeat(40) } }))).toBe(
      '403 SignatureDoesNotMatch',
    );
    expect(said(await ask({ Action }, { service, headers: { 'x-amz-security-token': 'nonsense' } }))).toBe(
      '403 InvalidClientTokenId',
    );
    const late = new Date(Date.now() - 16 * 60_000);
    expect(said(await ask({ Action }, { service, date: late }))).toBe('403 SignatureDoesNotMatch');
    const elsewhere = await ask({ Action }, { service, region: 'nowhere-1' });
    expect(said(elsewhere)).toBe('403 SignatureDoesNotMatch');
    expect(elsewhere.text).toContain('<Message>Credential should be scoped to a valid region.</Message>');
    const good = await request({ Action }, { service });
    const authorization = String(good.headers['authorization']);
    const broken = { ...good.headers, authorization: authorization.replace(/, ?Signature=.*/, '') };
    expect(said(await send({ ...good, headers: broken }))).toBe('400 IncompleteSignature');
    const headers = Object.fromEntries(Object.entries(good.headers).filter(([name]) => name !== 'authorization'));
    expect(said(await send({ ...good, headers }))).toBe('403 MissingAuthenticationToken');
    expect((await send(good)).status).toBe(200);
  });
});
