import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../language/parse.ts';
import { BUCKET, OTHER, OWNER, anonymous, identity, policy, request, root, session, user } from '../testkit/make.ts';
import type { AccessRequest } from '../types.ts';
import { evaluate } from './evaluate.ts';

const principals = fc.constantFrom(user(), user('bob'), user('eve', OTHER), session(), root(), root(OTHER), anonymous);
const names = fc.constantFrom(
  '*',
  { AWS: '*' },
  { AWS: user().arn },
  { AWS: [OWNER, OTHER] },
  { AWS: session().roleArn },
);
const actions = fc.constantFrom('s3:GetObject', 's3:PutObject', 's3:*', 's3:Get*');
const resources = fc.constantFrom(`${BUCKET}/*`, `${BUCKET}/a*`, `${BUCKET}/\${aws:username}`, `${BUCKET}/??txt`);
const effects = fc.constantFrom('Allow' as const, 'Deny' as const);
const conditions = fc.constantFrom(
  undefined,
  { StringEquals: { 'aws:x': 'a' } },
  { StringNotLike: { 'aws:x': 'b*' } },
  { 'ForAllValues:StringEquals': { 'aws:x': ['a', 'b'] } },
  { NumericLessThanIfExists: { 'aws:n': '5' }, Null: { 'aws:x': 'true' } },
);

const ownStatement = fc.record({ Effect: effects, Action: actions, Resource: resources, Condition: conditions });
const bucketStatement = fc.oneof(
  fc.record({ Effect: effects, Principal: names, Action: actions, Resource: resources, Condition: conditions }),
  fc.record({
    Effect: effects,
    NotPrincipal: names,
    NotAction: actions,
    NotResource: resources,
    Condition: conditions,
  }),
);
const identityPolicy = fc.array(ownStatement, { minLength: 1, maxLength: 4 }).map((s) => policy('iam-identity', s));
const bucketPolicy = fc.array(bucketStatement, { minLength: 1, maxLength: 4 }).map((s) => policy('s3-bucket', s));
const policySet = fc.record({
  identity: fc.array(identityPolicy, { maxLength: 2 }),
  resource: fc.option(bucketPolicy, { nil: undefined }),
  boundary: fc.option(identityPolicy, { nil: undefined }),
  session: fc.array(identityPolicy, { maxLength: 1 }),
});
const requests = fc
  .record({
    principal: principals,
    action: fc.constantFrom('s3:GetObject', 's3:PutObject', 's3:DeleteObject'),
    x: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
    n: fc.option(fc.constantFrom('4', '6'), { nil: undefined }),
  })
  .map(({ principal, action, x, n }): AccessRequest =>
    request(principal, {
      action,
      context: new Map([
        ['aws:x', x],
        ['aws:n', n],
      ]),
    }),
  );

describe('evaluation, whatever the policies', () => {
  it('is refused by a Deny on everything, in any layer', () => {
    const denial = identity('Deny', '*');
    const closed = policy('s3-bucket', { Effect: 'Deny', Principal: '*', Action: '*', Resource: `${BUCKET}/*` });
    fc.assert(
      fc.property(requests, policySet, (asked, set) => {
        expect(evaluate(asked, { ...set, identity: [...set.identity, denial] }).allowed).toBe(false);
        expect(evaluate(asked, { ...set, resource: closed }).allowed).toBe(false);
        expect(evaluate(asked, { ...set, boundary: denial }).allowed).toBe(false);
        expect(evaluate(asked, { ...set, session: [denial] }).allowed).toBe(false);
      }),
    );
  });

  it('is never widened by one more Deny, nor narrowed by one more Allow', () => {
    fc.assert(
      fc.property(requests, policySet, identityPolicy, (asked, set, more) => {
        const before = evaluate(asked, set).allowed;
        const only = (effect: 'Allow' | 'Deny') => more.document.Statement.filter((s) => s.Effect === effect);
        for (const effect of ['Allow', 'Deny'] as const) {
          if (only(effect).length === 0) continue;
          const added = policy('iam-identity', only(effect));
          const after = evaluate(asked, { ...set, identity: [...set.identity, added] }).allowed;
          if (effect === 'Deny') expect(after && !before).toBe(false);
          else expect(before && !after).toBe(false);
        }
      }),
    );
  });

  it('is never widened by a boundary or a session policy', () => {
    fc.assert(
      fc.property(requests, policySet, identityPolicy, (asked, set, limit) => {
        const free = evaluate(asked, { identity: set.identity, resource: set.resource }).allowed;
        if (evaluate(asked, { ...set, boundary: limit }).allowed) expect(free).toBe(true);
        if (evaluate(asked, { ...set, session: [limit] }).allowed) expect(free).toBe(true);
      }),
    );
  });

  it('gives reasons that fit: the last one decides, and a message goes with every refusal', () => {
    fc.assert(
      fc.property(requests, policySet, (asked, set) => {
        const { allowed, explicitDeny, reasons, message } = evaluate(asked, set);
        expect(reasons.at(-1)?.effect).toBe(allowed ? 'Allow' : explicitDeny ? 'Deny' : 'ImplicitDeny');
        expect(message === '').toBe(allowed);
      }),
    );
  });

  it('does not depend on an earlier evaluation of the same policies', () => {
    fc.assert(
      fc.property(requests, requests, policySet, (first, second, set) => {
        const alone = evaluate(second, set);
        evaluate(first, set);
        expect(evaluate(second, set)).toEqual(alone);
      }),
    );
  });

  it('treats IfExists as the operator or true when the key is absent', () => {
    const operators = fc.constantFrom('StringEquals', 'StringNotEquals', 'StringLike', 'ForAnyValue:StringLike');
    fc.assert(
      fc.property(operators, requests, (operator, asked) => {
        const applies = (name: string): boolean =>
          evaluate(asked, { identity: [identity('Deny', '*', { Condition: { [name]: { 'aws:x': 'a' } } })] })
            .explicitDeny;
        const { context } = asked;
        const absent = typeof context !== 'function' && context.get('aws:x') === undefined;
        expect(applies(`${operator}IfExists`)).toBe(absent || applies(operator));
      }),
    );
  });

  it('parses its own normal form to the same', () => {
    fc.assert(
      fc.property(fc.oneof(identityPolicy, bucketPolicy), (once) => {
        const twice = parsePolicy(once.text, once.kind);
        expect(twice.text).toBe(once.text);
        expect(twice.statements.length).toBe(once.statements.length);
      }),
    );
  });
});
