import { describe, expect, it } from 'vitest';
import type { Api } from '../api.ts';
import { codecFor } from '../codec.ts';
import { limits } from '../limits.ts';
import type { Route } from '../routing/types.ts';
import { WireError } from '../wire-error.ts';

const routeTo = (api: Api, operation: string): Route => ({
  api,
  operation,
  query: new Map(),
  pairs: [],
  labels: new Map(),
  virtualHost: false,
});

function read(api: Api, operation: string, body: string): Record<string, unknown> {
  return codecFor(api, operation).readInput(routeTo(api, operation), {}, Buffer.from(body));
}

function refusal(run: () => unknown): WireError {
  try {
    run();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('JSON 1.1', () => {
  it('reads blobs, maps and nulls, and ignores what it does not know', () => {
    const input = read(
      'kms',
      'Encrypt',
      '{"KeyId":"k","Plaintext":"AQI=","EncryptionContext":{"__proto__":"p"},"DryRun":null,"New":{"a":[1]}}',
    );
    expect(input['Plaintext']).toEqual(new Uint8Array([1, 2]));
    expect(Object.entries(input['EncryptionContext'] as object)).toEqual([['__proto__', 'p']]);
    expect(Object.keys(input)).toEqual(['KeyId', 'Plaintext', 'EncryptionContext']);
  });

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a number for a string', '{"KeyId":1}'],
    ['base64 that is none', '{"KeyId":"k","Plaintext":"*"}'],
    ['deep nesting', `{"KeyId":"k","x":${'['.repeat(limits.jsonDepth)}${']'.repeat(limits.jsonDepth)}}`],
  ])('answers SerializationException for %s', (_what, body) => {
    expect(refusal(() => read('kms', 'Encrypt', body))).toMatchObject({
      code: 'SerializationException',
      status: 400,
      api: 'kms',
    });
  });

  it('names a required member that is missing', () => {
    expect(refusal(() => read('kms', 'Encrypt', '{"KeyId":"k"}'))).toMatchObject({
      code: 'ValidationException',
      message:
        "1 validation error detected: Value null at 'plaintext' failed to satisfy constraint: Member must not be null",
    });
  });

  it('does not count brackets in strings as nesting', () => {
    expect(read('kms', 'DescribeKey', JSON.stringify({ KeyId: `\\"${'['.repeat(100)}` }))).toEqual({
      KeyId: `\\"${'['.repeat(100)}`,
    });
  });

  it('writes dates as seconds and blobs as base64', () => {
    const { body, headers } = codecFor('kms', 'DescribeKey').writeOutput(
      { KeyMetadata: { KeyId: 'k', CreationDate: new Date(1500) } },
      { requestId: 'R', hostId: 'H' },
    );
    expect(body).toBe('{"KeyMetadata":{"KeyId":"k","CreationDate":1.5}}');
    expect(headers).toEqual({ 'x-amzn-RequestId': 'R', 'Content-Type': 'application/x-amz-json-1.1' });
  });
});

describe('the query protocol', () => {
  it('reads lists in the order of their numbers', () => {
    const body =
      'Action=CreateUser&Version=2010-05-08&UserName=a+b&Tags.member.2.Key=k2&Tags.member.2.Value=&Tags.member.10.Key=k10&Tags.member.10.Value=v&Tags.member.1.Key=k1&Tags.member.1.Value=%C3%A9';
    expect(read('iam', 'CreateUser', body)).toEqual({
      UserName: 'a b',
      Tags: [
        { Key: 'k1', Value: 'é' },
        { Key: 'k2', Value: '' },
        { Key: 'k10', Value: 'v' },
      ],
    });
  });

  it('of a repeated parameter takes the first value', () => {
    expect(read('iam', 'GetUser', 'UserName=a&UserName=b')).toEqual({ UserName: 'a' });
  });

  it('names a required member that is missing, nested ones too', () => {
    expect(refusal(() => read('iam', 'CreateUser', 'Action=CreateUser'))).toMatchObject({
      code: 'ValidationError',
      message:
        "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null",
      api: 'iam',
    });
    expect(refusal(() => read('iam', 'CreateUser', 'UserName=a&Tags.member.1.Key=k')).message).toContain(
      "Value null at 'tags.1.value'",
    );
  });

  it('refuses what it cannot read', () => {
    expect(refusal(() => read('iam', 'ListUsers', 'MaxItems=many')).code).toBe('ValidationError');
    expect(refusal(() => read('iam', 'ListUsers', 'MaxItems=%zz')).code).toBe('MalformedQueryString');
    expect(refusal(() => read('iam', 'ListUsers', `${'a.'.repeat(limits.formDepth)}a=1`)).code).toBe('ValidationError');
    expect(refusal(() => read('iam', 'ListUsers', 'a=1&'.repeat(limits.parameters + 1))).code).toBe(
      'MalformedQueryString',
    );
  });

  it('wraps its answers', () => {
    const { body, headers } = codecFor('sts', 'GetCallerIdentity').writeOutput(
      { UserId: 'u', Account: '1', Arn: 'a' },
      { requestId: 'R' },
    );
    expect(body).toBe(
      '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><UserId>u</UserId><Account>1</Account><Arn>a</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>R</RequestId></ResponseMetadata></GetCallerIdentityResponse>',
    );
    expect(headers['Content-Type']).toBe('text/xml');
    expect(codecFor('iam', 'DeleteUser').writeOutput({}, { requestId: 'R' }).body).not.toContain('Result');
  });
});
