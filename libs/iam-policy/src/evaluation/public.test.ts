import { describe, expect, it } from 'vitest';
import { BUCKET, OWNER, bucket, policy, user } from '../testkit/make.ts';
import { isPublic } from './public.ts';

const when = (operator: string, key: string, value: unknown): boolean =>
  isPublic(bucket('Allow', '*', { Condition: { [operator]: { [key]: value } } }));

describe('isPublic', () => {
  it.each<[unknown, boolean]>([
    ['*', true],
    [{ AWS: '*' }, true],
    [{ AWS: [OWNER, '*'] }, true],
    [{ AWS: OWNER }, false],
    [{ AWS: user().arn }, false],
    [{ Service: 'logging.s3.amazonaws.com' }, false],
  ])('principal %j: %s', (principal, expected) => {
    expect(isPublic(bucket('Allow', principal))).toBe(expected);
    expect(isPublic(bucket('Deny', principal))).toBe(false);
  });

  it('takes NotPrincipal with Allow as public', () => {
    expect(isPublic(bucket('Allow', undefined, { Principal: undefined, NotPrincipal: { AWS: OWNER } }))).toBe(true);
  });

  it.each<[string, string, unknown, boolean]>([
    ['StringEquals', 'aws:SourceVpc', 'vpc-91237329', false],
    ['StringLike', 'aws:SourceVpc', 'vpc-*', true],
    ['StringEquals', 'aws:sourcevpce', ['vpce-1', 'vpce-2'], false],
    ['StringLike', 'aws:SourceVpce', ['vpce-1', 'vpce-*'], true],
    ['StringEquals', 'aws:PrincipalOrgID', 'o-1', false],
    ['StringEqualsIgnoreCase', 'aws:SourceAccount', OWNER, false],
    ['StringEqualsIfExists', 'aws:SourceAccount', OWNER, true],
    ['StringNotEquals', 'aws:SourceAccount', OWNER, true],
    ['ForAllValues:StringEquals', 'aws:SourceAccount', OWNER, true],
    ['ForAnyValue:StringEquals', 'aws:SourceAccount', OWNER, false],
    ['StringEquals', 'aws:SourceAccount', '${aws:PrincipalAccount}', true],
    ['StringEquals', 'aws:SourceAccount', [], true],
    ['StringEquals', 'aws:Referer', 'https://example.com', true],
    ['Null', 'aws:SourceVpc', 'false', true],
    ['StringLike', 'aws:userid', 'AROAEXAMPLE:*', true],
    ['StringEquals', 'aws:userid', 'AIDAEXAMPLE', false],
    ['ArnEquals', 'aws:SourceArn', 'arn:aws:s3:::src', false],
    ['ArnLike', 'aws:SourceArn', 'arn:aws:s3:::*', true],
    ['ArnLike', 's3:DataAccessPointArn', `arn:aws:s3:eu-west-1:${OWNER}:accesspoint/*`, false],
    ['ArnLike', 's3:DataAccessPointArn', 'arn:aws:s3:eu-west-1:*:accesspoint/x', true],
    ['StringEquals', 's3:DataAccessPointAccount', OWNER, false],
    ['IpAddress', 'aws:SourceIp', '10.0.0.0/8', false],
    ['IpAddress', 'aws:SourceIp', '54.0.0.0/7', true],
    ['IpAddress', 'aws:SourceIp', ['203.0.113.0/24', '0.0.0.0/0'], true],
    ['IpAddress', 'aws:SourceIp', '2001:db8::/32', false],
    ['IpAddress', 'aws:SourceIp', '2001::/16', true],
    ['NotIpAddress', 'aws:SourceIp', '203.0.113.0/24', true],
  ])('%s %s %j: %s', (operator, key, value, expected) => {
    expect(when(operator, key, value)).toBe(expected);
  });

  it('is public as soon as one statement is', () => {
    const base = { Effect: 'Allow', Action: 's3:GetObject', Resource: `${BUCKET}/*` };
    expect(
      isPublic(
        policy('s3-bucket', [
          { ...base, Principal: { AWS: OWNER } },
          { ...base, Principal: '*' },
        ]),
      ),
    ).toBe(true);
  });
});
