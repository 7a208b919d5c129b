import { describe, expect, it } from 'vitest';
import { PolicyError } from '../errors.ts';
import { BUCKET, OTHER, OWNER, policy, user } from '../testkit/make.ts';
import { contextKeysOf, mapPrincipals, principalsOf } from './inspect.ts';

const ann = user();
const account = `arn:aws:iam::${OTHER}:root`;
const sample = policy(
  's3-bucket',
  [
    {
      Sid: 'A',
      Effect: 'Allow',
      Principal: { AWS: [ann.arn, OTHER], Service: 'logging.s3.amazonaws.com' },
      Action: 's3:GetObject',
      Resource: `${BUCKET}/\${aws:username}/*`,
      Condition: { StringLike: { 's3:ExistingObjectTag/Team': '${aws:PrincipalTag/Team}' } },
    },
    { Effect: 'Deny', NotPrincipal: { AWS: [ann.arn, OWNER] }, Action: 's3:PutObject', Resource: `${BUCKET}/*` },
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: `${BUCKET}/*`,
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ],
  { id: 'mine' },
);

describe('what a policy names', () => {
  it('lists context keys, of conditions and of variables', () => {
    expect([...contextKeysOf(sample)].sort()).toEqual([
      'aws:principaltag/team',
      'aws:securetransport',
      'aws:username',
      's3:existingobjecttag/team',
    ]);
  });

  it('lists each principal once', () => {
    expect(principalsOf(sample)).toEqual([
      { type: 'AWS', value: ann.arn },
      { type: 'AWS', value: account },
      { type: 'Service', value: 'logging.s3.amazonaws.com' },
      { type: 'AWS', value: `arn:aws:iam::${OWNER}:root` },
      { type: 'AWS', value: '*' },
    ]);
  });

  it('translates AWS principals there and back', () => {
    const stored = mapPrincipals(sample, ({ value }) => (value === ann.arn ? ann.userId : undefined));
    expect(stored.id).toBe('mine');
    expect(stored.document.Statement[0]?.Principal).toEqual({
      AWS: [ann.userId, account],
      Service: 'logging.s3.amazonaws.com',
    });
    expect(stored.document.Statement[2]?.Principal).toBe('*');
    const shown = mapPrincipals(stored, ({ value }) => (value === ann.userId ? ann.arn : undefined));
    expect(shown.text).toBe(sample.text);
  });

  it('refuses a replacement that is no principal', () => {
    expect(() => mapPrincipals(sample, () => 'nobody')).toThrow(PolicyError);
  });
});
