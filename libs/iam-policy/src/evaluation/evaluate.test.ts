import { describe, expect, it } from 'vitest';
import {
  BUCKET,
  OTHER,
  OWNER,
  anonymous,
  bucket,
  identity,
  policy,
  request,
  root,
  session,
  user,
} from '../testkit/make.ts';
import type { AccessRequest, PolicySet, Principal } from '../types.ts';
import { evaluate } from './evaluate.ts';

const allowed = (principal: Principal, policies: Partial<PolicySet>, more: Partial<AccessRequest> = {}): boolean =>
  evaluate(request(principal, more), { identity: [], ...policies }).allowed;

const ann = user();
const allow = identity('Allow', 's3:*');
const deny = identity('Deny', 's3:GetObject');
const elsewhere = identity('Allow', 'iam:*');

describe('same account', () => {
  it('needs an identity policy or the resource policy', () => {
    expect(allowed(ann, {})).toBe(false);
    expect(allowed(ann, { identity: [allow] })).toBe(true);
    expect(allowed(ann, { identity: [elsewhere] })).toBe(false);
    expect(allowed(ann, { resource: bucket('Allow', { AWS: ann.arn }) })).toBe(true);
    expect(allowed(ann, { resource: bucket('Allow', '*') })).toBe(true);
    expect(allowed(ann, { resource: bucket('Allow', { AWS: user('bob').arn }) })).toBe(false);
  });

  it('takes the account in a resource policy as leave for its own policies, not as a grant to each user', () => {
    const account = bucket('Allow', { AWS: OWNER });
    expect(allowed(ann, { resource: account })).toBe(false);
    expect(allowed(ann, { resource: account, identity: [allow] })).toBe(true);
    expect(allowed(ann, { resource: bucket('Deny', { AWS: OWNER }), identity: [allow] })).toBe(false);
  });

  it('lets a Deny win wherever it stands', () => {
    expect(allowed(ann, { identity: [allow, deny] })).toBe(false);
    expect(allowed(ann, { identity: [allow], resource: bucket('Deny', '*') })).toBe(false);
    expect(allowed(ann, { identity: [allow], boundary: deny })).toBe(false);
    expect(allowed(ann, { resource: bucket('Allow', { AWS: ann.arn }), session: [deny] })).toBe(false);
  });

  it('limits by boundary and session policies', () => {
    expect(allowed(ann, { identity: [allow], boundary: elsewhere })).toBe(false);
    expect(allowed(ann, { identity: [allow], boundary: allow })).toBe(true);
    expect(allowed(session(), { identity: [allow], session: [elsewhere] })).toBe(false);
    expect(allowed(session(), { identity: [allow], session: [elsewhere, allow] })).toBe(true);
    expect(allowed(session(), { identity: [allow], session: [] })).toBe(true);
    expect(allowed(session(), { identity: [], session: [allow] })).toBe(false);
  });

  it('passes boundary and session policy when the resource policy names user or session, not the role', () => {
    const tight = { boundary: elsewhere, session: [elsewhere] };
    expect(allowed(ann, { resource: bucket('Allow', { AWS: ann.arn }), boundary: elsewhere })).toBe(true);
    expect(allowed(session(), { resource: bucket('Allow', { AWS: session().arn }), ...tight })).toBe(true);
    const role = bucket('Allow', { AWS: session().roleArn });
    expect(allowed(session(), { resource: role })).toBe(true);
    expect(allowed(session(), { resource: role, boundary: elsewhere })).toBe(false);
    expect(allowed(session(), { resource: role, session: [elsewhere] })).toBe(false);
    expect(allowed(ann, { resource: bucket('Allow', '*'), boundary: elsewhere })).toBe(false);
  });

  it('knows stored principals by their unique id, so that a namesake gains nothing', () => {
    const stored = policy(
      's3-bucket',
      {
        Effect: 'Allow',
        Principal: { AWS: [ann.userId, 'AROAREADER000000'] },
        Action: 's3:GetObject',
        Resource: `${BUCKET}/*`,
      },
      { allowUniqueIds: true },
    );
    expect(allowed(ann, { resource: stored })).toBe(true);
    expect(allowed({ ...ann, userId: 'AIDANEWANN000000' }, { resource: stored })).toBe(false);
    expect(allowed(session(), { resource: stored })).toBe(true);
    expect(allowed(session(), { resource: stored, session: [elsewhere] })).toBe(false);
  });

  it('adds what ACLs grant', () => {
    expect(allowed(ann, { resourceGrants: true })).toBe(true);
    expect(allowed(ann, { resourceGrants: 'account' })).toBe(false);
    expect(allowed(anonymous, { resourceGrants: 'public' })).toBe(true);
    expect(allowed(anonymous, { resourceGrants: 'account' })).toBe(false);
    expect(allowed(ann, { resourceGrants: true, identity: [deny] })).toBe(false);
    expect(allowed(user('eve', OTHER), { resourceGrants: 'account', identity: [allow] })).toBe(true);
  });
});

describe('other account', () => {
  const eve = user('eve', OTHER);

  it('needs both sides', () => {
    expect(allowed(eve, { identity: [allow] })).toBe(false);
    for (const named of [{ AWS: eve.arn }, { AWS: OTHER }, '*']) {
      expect(allowed(eve, { resource: bucket('Allow', named) })).toBe(false);
      expect(allowed(eve, { resource: bucket('Allow', named), identity: [allow] })).toBe(true);
      expect(allowed(eve, { resource: bucket('Allow', named), identity: [allow], boundary: elsewhere })).toBe(false);
    }
  });

  it('does not let a named session past its own side', () => {
    const foreign = session(OTHER);
    const resource = bucket('Allow', { AWS: foreign.arn });
    expect(allowed(foreign, { resource, identity: [allow], session: [elsewhere] })).toBe(false);
    expect(allowed(foreign, { resource, identity: [allow], session: [allow] })).toBe(true);
  });

  it('gives a root user what its account was given', () => {
    expect(allowed(root(OTHER), { resource: bucket('Allow', { AWS: OTHER }) })).toBe(true);
    expect(allowed(root(OTHER), {})).toBe(false);
    const canonicalId = 'c'.repeat(64);
    const byId = bucket('Allow', { CanonicalUser: canonicalId });
    expect(allowed({ ...root(OTHER), canonicalId }, { resource: byId })).toBe(true);
    expect(allowed({ ...eve, canonicalId }, { resource: byId })).toBe(false);
    expect(allowed({ ...eve, canonicalId }, { resource: byId, identity: [allow] })).toBe(true);
  });
});

describe('root, services and the anonymous', () => {
  it('gives the owner everything that is not denied', () => {
    expect(allowed(root(), {})).toBe(true);
    expect(allowed(root(), { resource: bucket('Deny', '*') })).toBe(false);
  });

  it('never locks the owner out of its bucket policy', () => {
    const locked = bucket('Deny', '*', { Action: 's3:*', Resource: [BUCKET, `${BUCKET}/*`] });
    const on = (action: string): Partial<AccessRequest> => ({ action, resource: BUCKET });
    for (const action of ['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy']) {
      expect(allowed(root(), { resource: locked }, on(action))).toBe(true);
      expect(allowed(root(OTHER), { resource: locked }, on(action))).toBe(false);
      expect(allowed(ann, { resource: locked, identity: [allow] }, on(action))).toBe(false);
    }
    expect(allowed(root(), { resource: locked }, on('s3:ListBucket'))).toBe(false);
  });

  it('judges them by the resource policy alone', () => {
    const logging: Principal = { ...anonymous, kind: 'service', service: 'logging.s3.amazonaws.com' };
    const grant = bucket('Allow', { Service: 'logging.s3.amazonaws.com' });
    expect(allowed(logging, { resource: grant })).toBe(true);
    expect(allowed(logging, { identity: [allow] })).toBe(false);
    expect(allowed(anonymous, { resource: grant })).toBe(false);
    expect(allowed(anonymous, { resource: bucket('Allow', '*') })).toBe(true);
    expect(allowed(anonymous, { resource: bucket('Allow', { AWS: '*' }) })).toBe(true);
    expect(allowed(anonymous, { resource: bucket('Allow', { AWS: OWNER }) })).toBe(false);
  });
});

describe('key and trust policies', () => {
  const key = (principal: unknown) =>
    policy('kms-key', { Effect: 'Allow', Principal: principal, Action: 'kms:Decrypt', Resource: '*' });
  const use: Partial<AccessRequest> = { action: 'kms:Decrypt', resource: `arn:aws:kms:eu-west-1:${OWNER}:key/k` };
  const kms = identity('Allow', 'kms:*');

  it('must allow themselves or name the account', () => {
    expect(allowed(ann, { identity: [kms], resource: key({ AWS: user('bob').arn }) }, use)).toBe(false);
    expect(allowed(root(), { resource: key({ AWS: user('bob').arn }) }, use)).toBe(false);
    expect(allowed(ann, { resource: key({ AWS: ann.arn }) }, use)).toBe(true);
    expect(allowed(ann, { resource: key({ AWS: OWNER }) }, use)).toBe(false);
    expect(allowed(ann, { resource: key({ AWS: OWNER }), identity: [kms] }, use)).toBe(true);
    expect(allowed(root(), { resource: key({ AWS: OWNER }) }, use)).toBe(true);
  });

  it('says who may assume a role', () => {
    const trust = policy('iam-trust', {
      Effect: 'Allow',
      Principal: { Federated: 'accounts.example.com' },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { 'accounts.example.com:aud': 'app' } },
    });
    const web: Principal = { ...anonymous, kind: 'federated', service: 'accounts.example.com' };
    const assume = { action: 'sts:AssumeRoleWithWebIdentity', resource: `arn:aws:iam::${OWNER}:role/r` };
    const context = new Map([['accounts.example.com:aud', 'app']]);
    expect(allowed(web, { resource: trust }, { ...assume, context })).toBe(true);
    expect(allowed(web, { resource: trust }, assume)).toBe(false);
    expect(allowed({ ...web, service: 'other.example.com' }, { resource: trust }, { ...assume, context })).toBe(false);
  });

  it('lets several resource policies count as one', () => {
    const access = bucket('Allow', { AWS: ann.arn });
    expect(allowed(ann, { resource: [access] })).toBe(true);
    expect(allowed(ann, { resource: [access, bucket('Deny', '*')] })).toBe(false);
  });
});

describe('NotPrincipal, NotAction, NotResource', () => {
  const not = (effect: 'Allow' | 'Deny', listed: unknown) =>
    bucket(effect, undefined, { Principal: undefined, NotPrincipal: listed });

  it('spares from a Deny only who is listed with its account and role', () => {
    const by = (principal: Principal, listed: string[]): boolean =>
      allowed(principal, { identity: [allow], resource: not('Deny', { AWS: listed }) });
    expect(by(ann, [ann.arn, OWNER])).toBe(true);
    expect(by(ann, [ann.arn])).toBe(false);
    expect(by(ann, [OWNER])).toBe(false);
    expect(by(user('bob'), [ann.arn, OWNER])).toBe(false);
    const s = session();
    expect(by(s, [s.arn, s.roleArn as string, OWNER])).toBe(true);
    expect(by(s, [s.roleArn as string, OWNER])).toBe(false);
    expect(by(root(), [OWNER])).toBe(true);
  });

  it('opens an Allow to all others', () => {
    const resource = not('Allow', { AWS: [ann.arn] });
    expect(allowed(ann, { resource })).toBe(false);
    expect(allowed(user('bob'), { resource })).toBe(true);
    expect(allowed(anonymous, { resource })).toBe(true);
  });

  it('excludes only what is listed', () => {
    const most = policy('iam-identity', { Effect: 'Allow', NotAction: ['s3:Delete*', 'iam:*'], Resource: '*' });
    expect(allowed(ann, { identity: [most] })).toBe(true);
    expect(allowed(ann, { identity: [most] }, { action: 's3:DeleteObject' })).toBe(false);
    const others = policy('iam-identity', { Effect: 'Allow', Action: '*', NotResource: [`${BUCKET}/private/*`] });
    expect(allowed(ann, { identity: [others] })).toBe(true);
    expect(allowed(ann, { identity: [others] }, { resource: `${BUCKET}/private/a` })).toBe(false);
  });

  it('does not open by NotResource where a variable has no value', () => {
    const make = (effect: 'Allow' | 'Deny') =>
      policy('iam-identity', { Effect: effect, Action: '*', NotResource: `${BUCKET}/\${aws:PrincipalTag/none}/*` });
    expect(allowed(ann, { identity: [make('Allow')] })).toBe(false);
    expect(allowed(ann, { identity: [allow, make('Deny')] })).toBe(false);
  });
});

describe('actions, resources and variables', () => {
  it('ignores the case of actions, not of resources', () => {
    expect(allowed(ann, { identity: [identity('Allow', 'S3:get*')] })).toBe(true);
    const upper = policy('iam-identity', { Effect: 'Allow', Action: '*', Resource: `${BUCKET}/A.txt` });
    expect(allowed(ann, { identity: [upper] })).toBe(false);
  });

  it('keeps a wildcard of the first five ARN parts within its part', () => {
    const wide = policy('iam-identity', { Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:*:1:accesspoint/x' });
    expect(allowed(ann, { identity: [wide] }, { resource: 'arn:aws:s3:eu:1:accesspoint/x' })).toBe(true);
    expect(allowed(ann, { identity: [wide] }, { resource: 'arn:aws:s3:eu:2:accesspoint/o:1:accesspoint/x' })).toBe(
      false,
    );
    const short = policy('iam-identity', { Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:*' });
    expect(allowed(ann, { identity: [short] })).toBe(true);
  });

  it('fills in variables in version 2012-10-17 only', () => {
    const home = (version: string) =>
      policy(
        'iam-identity',
        { Effect: 'Allow', Action: 's3:*', Resource: `${BUCKET}/\${aws:username}/*` },
        { version },
      );
    const at = { resource: `${BUCKET}/ann/a` };
    expect(allowed(ann, { identity: [home('2012-10-17')] }, at)).toBe(true);
    expect(allowed(user('bob'), { identity: [home('2012-10-17')] }, at)).toBe(false);
    expect(allowed(session(), { identity: [home('2012-10-17')] }, at)).toBe(false);
    expect(allowed(ann, { identity: [home('2008-10-17')] }, at)).toBe(false);
  });

  it('takes a key with several values as no value of a variable', () => {
    const byTag = policy('iam-identity', { Effect: 'Allow', Action: '*', Resource: `${BUCKET}/\${aws:x}.txt` });
    const ask = (x: string | readonly string[]): boolean =>
      allowed(ann, { identity: [byTag] }, { context: new Map([['aws:x', x]]) });
    expect(ask('a')).toBe(true);
    expect(ask(['a'])).toBe(true);
    expect(ask(['a', 'b'])).toBe(false);
  });

  it('derives the keys of the principal itself, whatever the context says', () => {
    const lie = () => 'arn:aws:iam::111122223333:role/admin';
    const only = (key: string, value: string) =>
      identity('Allow', '*', { Condition: { StringEquals: { [key]: value } } });
    const ask = (principal: Principal, key: string, value: string): boolean =>
      allowed(principal, { identity: [only(key, value)] }, { context: lie });
    expect(ask(ann, 'aws:PrincipalArn', lie())).toBe(false);
    expect(ask(ann, 'aws:PrincipalArn', ann.arn)).toBe(true);
    expect(ask(session(), 'aws:PrincipalArn', session().roleArn as string)).toBe(true);
    expect(ask(ann, 'aws:PrincipalAccount', OWNER)).toBe(true);
    expect(ask(ann, 'aws:PrincipalType', 'User')).toBe(true);
    expect(ask(session(), 'aws:PrincipalType', 'AssumedRole')).toBe(true);
    expect(ask(ann, 'aws:userid', ann.userId)).toBe(true);
    expect(ask(session(), 'aws:username', lie())).toBe(false);
    expect(ask(ann, 'aws:PrincipalTag/team', 'blue')).toBe(true);
    expect(ask(ann, 'aws:PrincipalTag/other', lie())).toBe(false);
    expect(ask(ann, 's3:ResourceAccount', OWNER)).toBe(true);
  });
});

describe('reasons', () => {
  const decide = (principal: Principal, policies: Partial<PolicySet>) =>
    evaluate(request(principal), { identity: [], ...policies });
  const start = `User: ${ann.arn} is not authorized to perform: s3:GetObject on resource: "${BUCKET}/a.txt"`;

  it('names the statement that allowed', () => {
    const two = policy(
      'iam-identity',
      [
        { Effect: 'Allow', Action: 'iam:*', Resource: '*' },
        { Sid: 'Read', Effect: 'Allow', Action: 's3:Get*', Resource: '*' },
      ],
      { id: 'arn:aws:iam::111122223333:policy/two' },
    );
    const { reasons, message } = decide(ann, { identity: [two], boundary: allow });
    expect(reasons).toEqual([
      {
        effect: 'Allow',
        layer: 'identity',
        policyId: 'arn:aws:iam::111122223333:policy/two',
        statementIndex: 1,
        sid: 'Read',
      },
      { effect: 'Allow', layer: 'boundary', policyId: 'iam-identity', statementIndex: 0 },
    ]);
    expect(message).toBe('');
  });

  it('names the statement that denied', () => {
    const decision = decide(ann, { identity: [allow], resource: bucket('Deny', '*', { Sid: 'Never' }) });
    expect(decision).toMatchObject({
      allowed: false,
      explicitDeny: true,
      reasons: [{ effect: 'Deny', layer: 'resource', policyId: 's3-bucket', statementIndex: 0, sid: 'Never' }],
      message: `${start} with an explicit deny in a resource-based policy`,
    });
    expect(decide(ann, { identity: [deny] }).message).toBe(
      `${start} with an explicit deny in an identity-based policy`,
    );
    const resource = `arn:aws:iam::${OWNER}:user/`;
    const listing = request(ann, { action: 'iam:ListUsers', resource });
    expect(evaluate(listing, { identity: [] }).message).toBe(
      `User: ${ann.arn} is not authorized to perform: iam:ListUsers on resource: ${resource} because no identity-based policy allows the iam:ListUsers action`,
    );
    expect(decide(ann, { boundary: deny }).message).toBe(`${start} with an explicit deny in a permissions boundary`);
    expect(decide(ann, { session: [deny] }).message).toBe(`${start} with an explicit deny in a session policy`);
  });

  it('names the layer that did not allow', () => {
    expect(decide(ann, {})).toMatchObject({
      explicitDeny: false,
      reasons: [{ effect: 'ImplicitDeny', layer: 'identity' }],
      message: `${start} because no identity-based policy allows the s3:GetObject action`,
    });
    const bounded = decide(ann, { identity: [allow], boundary: elsewhere });
    expect(bounded.reasons.at(-1)).toEqual({ effect: 'ImplicitDeny', layer: 'boundary' });
    expect(bounded.message).toBe(`${start} because no permissions boundary allows the s3:GetObject action`);
    expect(decide(ann, { identity: [allow], session: [elsewhere] }).message).toBe(
      `${start} because no session policy allows the s3:GetObject action`,
    );
  });

  it('tells other accounts and the anonymous nothing', () => {
    const eve = user('eve', OTHER);
    expect(decide(eve, { identity: [allow] })).toMatchObject({
      reasons: [{ effect: 'ImplicitDeny', layer: 'resource' }],
      message: 'Access Denied',
    });
    expect(decide(eve, { resource: bucket('Deny', '*') }).message).toBe('Access Denied');
    expect(decide(anonymous, {}).message).toBe('Access Denied');
  });
});
