import { describe, expect, test } from 'vitest';
import { faultOf } from '../testkit/identity.ts';
import { identityWorld, POLICY } from '../testkit/world.ts';

const world = identityWorld('identity_user_policies');

describe('inline policies', () => {
  test('are put, shown percent-encoded, listed and deleted', async () => {
    const root = await world.newRoot();
    await root.call('CreateUser', { UserName: 'ann' });
    for (const name of ['b', 'a', 'c']) {
      await root.call('PutUserPolicy', { UserName: 'ann', PolicyName: name, PolicyDocument: POLICY });
    }
    const shown = await root.call('GetUserPolicy', { UserName: 'ann', PolicyName: 'a' });
    expect(shown).toMatchObject({ UserName: 'ann', PolicyName: 'a' });
    expect(shown.PolicyDocument).toMatch(/^[\w.~%-]+$/);
    expect(decodeURIComponent(shown.PolicyDocument)).toBe(POLICY);
    const page = await root.call('ListUserPolicies', { UserName: 'ann', MaxItems: 2 });
    expect(page).toEqual({ PolicyNames: ['a', 'b'], IsTruncated: true, Marker: expect.any(String) });
    expect(await root.call('ListUserPolicies', { UserName: 'ann', Marker: page.Marker })).toEqual({
      PolicyNames: ['c'],
      IsTruncated: false,
    });
    await root.call('DeleteUserPolicy', { UserName: 'ann', PolicyName: 'a' });
    for (const name of ['GetUserPolicy', 'DeleteUserPolicy'] as const) {
      expect(await faultOf(root.call(name, { UserName: 'ann', PolicyName: 'a' }))).toMatchObject({
        code: 'NoSuchEntity',
        message: 'The user policy with name a cannot be found.',
      });
    }
  });

  test('must be well-formed, and 2048 characters together', async () => {
    const root = await world.newRoot();
    await root.call('CreateUser', { UserName: 'ann' });
    const put = (PolicyName: string, PolicyDocument: string) =>
      root.call('PutUserPolicy', { UserName: 'ann', PolicyName, PolicyDocument });
    for (const text of [
      '{',
      '{}',
      '[]',
      POLICY.replace('Allow', 'Maybe'),
      POLICY.replace('"Action"', '"Principal":"*","Action"'),
    ]) {
      expect(await faultOf(put('p', text))).toMatchObject({ code: 'MalformedPolicyDocument', status: 400 });
    }
    expect((await faultOf(put('p', POLICY.replace('s3:*', 's3:\u{1f512}')))).code).toBe('ValidationError');
    const sized = (size: number) =>
      POLICY.replace('arn:aws:s3:::b', `arn:aws:s3:::${'b'.repeat(size - POLICY.length + 1)}`);
    await put('p', sized(1500));
    await put('p', `${sized(2048)}${' '.repeat(3000)}`);
    const limit = {
      code: 'LimitExceeded',
      status: 409,
      message: 'Maximum policy size of 2048 bytes exceeded for user ann',
    };
    expect(await faultOf(put('p', sized(2049)))).toMatchObject(limit);
    await put('p', sized(1500));
    expect(await faultOf(put('q', sized(549)))).toMatchObject(limit);
    await put('q', sized(548));
  });
});
