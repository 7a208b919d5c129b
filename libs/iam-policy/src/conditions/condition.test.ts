import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluation/evaluate.ts';
import type { ContextValues } from '../types.ts';
import { anonymous, bucket, identity, request, user } from '../testkit/make.ts';
import { readOperatorName } from './condition.ts';

type Value = string | readonly string[] | undefined;

/** Whether a statement with this condition applies to a request in which aws:x has this value. */
function holds(operator: string, wanted: unknown, actual: Value, effect: 'Allow' | 'Deny' = 'Allow'): boolean {
  const context: ContextValues = new Map([['aws:x', actual]]);
  const policy = identity(effect, 's3:GetObject', { Condition: { [operator]: { 'AWS:X': wanted } } });
  const decision = evaluate(request(user(), { context }), { identity: [policy] });
  return effect === 'Allow' ? decision.allowed : decision.explicitDeny;
}

describe('operators', () => {
  it.each<[string, unknown, string, boolean]>([
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', 'a', 'A', false],
    ['StringEquals', 'a*', 'ab', false],
    ['StringEquals', ['a', 'b'], 'b', true],
    ['StringNotEquals', 'a', 'b', true],
    ['StringNotEquals', ['a', 'b'], 'b', false],
    ['StringEqualsIgnoreCase', 'aB', 'Ab', true],
    ['StringNotEqualsIgnoreCase', 'aB', 'Ab', false],
    ['StringLike', 'a*z?', 'abcz1', true],
    ['StringLike', 'a*z?', 'abcz', false],
    ['StringNotLike', 'a*', 'abc', false],
    ['StringNotLike', 'a*', 'b', true],
    ['NumericEquals', '10', '10.0', true],
    ['NumericEquals', 10, '10', true],
    ['NumericEquals', '10', 'ten', false],
    ['NumericNotEquals', '10', '11', true],
    ['NumericLessThan', '10', '9', true],
    ['NumericLessThan', '10', '10', false],
    ['NumericLessThanEquals', '10', '10', true],
    ['NumericGreaterThan', '10', '10', false],
    ['NumericGreaterThan', '9.5', '10', true],
    ['NumericGreaterThanEquals', '10', '10', true],
    ['DateEquals', '2026-01-02T03:04:05Z', '2026-01-02T04:04:05+01:00', true],
    ['DateNotEquals', '2026-01-02', '2026-01-02T00:00:01Z', true],
    ['DateLessThan', '2026-01-02T00:00:00Z', '2026-01-01T23:59:59.999Z', true],
    ['DateLessThanEquals', '2026-01-02T00:00:00Z', '2026-01-02T00:00:00Z', true],
    ['DateGreaterThan', '1767312000', '2026-01-02T00:00:01Z', true],
    ['DateGreaterThan', '2026', 'yesterday', false],
    ['DateGreaterThanEquals', '2026-01-02T00:00:00Z', '1767312000', true],
    ['Bool', 'true', 'TRUE', true],
    ['Bool', true, 'true', true],
    ['Bool', 'false', 'true', false],
    ['Bool', 'true', 'yes', false],
    ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
    ['BinaryEquals', 'YQ==', 'YQ', true],
    ['BinaryEquals', 'YQ==', 'Yg==', false],
    ['IpAddress', '203.0.113.0/24', '203.0.113.77', true],
    ['IpAddress', '203.0.113.0/24', '203.0.114.1', false],
    ['IpAddress', '203.0.113.7', '203.0.113.7', true],
    ['IpAddress', '203.0.113.7', '203.0.113.8', false],
    ['IpAddress', '203.0.113.0/24', '::ffff:203.0.113.9', true],
    ['IpAddress', '2001:db8::/33', '2001:db8:7fff::1', true],
    ['IpAddress', '2001:db8::/33', '2001:db8:8000::1', false],
    ['IpAddress', '::/0', '10.0.0.1', false],
    ['IpAddress', '0.0.0.0/0', '10.0.0.1', true],
    ['IpAddress', '0.0.0.0/0', 'not an address', false],
    ['IpAddress', '0.0.0.0/0', '0x7f.1', false],
    ['NotIpAddress', '203.0.113.0/24', '203.0.113.77', false],
    ['NotIpAddress', '203.0.113.0/24', '198.51.100.1', true],
    ['ArnEquals', 'arn:aws:s3:::a*', 'arn:aws:s3:::abc', true],
    ['ArnLike', 'arn:aws:*:::abc', 'arn:aws:s3:::abc', true],
    ['ArnLike', 'arn:aws:*:abc', 'arn:aws:s3:::abc', false],
    ['ArnLike', 'arn:aws:sns:*:123456789012:t', 'arn:aws:sns:eu-1:9:x:123456789012:t', false],
    ['ArnLike', 'arn:aws:s3:::a', 'not an arn', false],
    ['ArnNotEquals', 'arn:aws:s3:::a*', 'arn:aws:s3:::abc', false],
    ['ArnNotLike', 'arn:aws:s3:::a*', 'arn:aws:s3:::bc', true],
    ['Null', 'true', 'x', false],
    ['Null', 'false', 'x', true],
  ])('%s %j against %j is %s', (operator, wanted, actual, expected) => {
    expect(holds(operator, wanted, actual)).toBe(expected);
    expect(holds(operator, wanted, actual, 'Deny')).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['StringEquals', 'a', false],
    ['StringNotEquals', 'a', true],
    ['StringEqualsIfExists', 'a', true],
    ['StringNotLikeIfExists', 'a', true],
    ['NumericLessThan', '1', false],
    ['NumericLessThanIfExists', '1', true],
    ['DateLessThanIfExists', '2026', true],
    ['Bool', 'false', false],
    ['BoolIfExists', 'false', true],
    ['IpAddress', '0.0.0.0/0', false],
    ['NotIpAddress', '0.0.0.0/0', true],
    ['ArnNotLike', 'arn:aws:s3:::a', true],
    ['Null', 'true', true],
    ['Null', 'false', false],
    ['ForAllValues:StringEquals', 'a', true],
    ['ForAnyValue:StringEquals', 'a', false],
    ['ForAnyValue:StringNotEquals', 'a', false],
    ['ForAnyValue:StringEqualsIfExists', 'a', true],
  ])('%s %j with the key absent or empty is %s', (operator, wanted, expected) => {
    expect(holds(operator, wanted, undefined)).toBe(expected);
    expect(holds(operator, wanted, [])).toBe(expected);
  });

  it.each<[string, unknown, string[], boolean]>([
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b', 'a'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
    ['ForAllValues:StringNotEquals', ['a'], ['b', 'c'], true],
    ['ForAllValues:StringNotEquals', ['a'], ['a', 'c'], false],
    ['ForAnyValue:StringLike', ['x*'], ['a', 'xy'], true],
    ['ForAnyValue:StringLike', ['x*'], ['a', 'b'], false],
    ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
    ['ForAnyValue:StringNotEquals', ['a'], ['a'], false],
    ['StringEquals', 'a', ['b', 'a'], true],
    ['StringNotEquals', 'a', ['b', 'a'], false],
  ])('%s %j with values %j is %s', (operator, wanted, actual, expected) => {
    expect(holds(operator, wanted, actual)).toBe(expected);
  });

  it('knows no other operators', () => {
    for (const name of [
      'NullIfExists',
      'ForAnyValue:Null',
      'stringequals',
      'ForSome:Bool',
      'constructor',
      'IfExists',
    ]) {
      expect(readOperatorName(name)).toBeUndefined();
    }
  });

  it('takes a variable without value as equal to nothing: refusing in both effects', () => {
    const wanted = '${aws:PrincipalTag/Nope}';
    expect(holds('StringEquals', wanted, 'x')).toBe(false);
    expect(holds('StringNotEquals', wanted, 'x')).toBe(false);
    expect(holds('StringNotEquals', wanted, 'x', 'Deny')).toBe(true);
    expect(holds('StringEquals', '${aws:PrincipalTag/team}', 'blue')).toBe(true);
    expect(holds('ArnLike', 'arn:aws:s3:::${aws:username}', 'arn:aws:s3:::ann')).toBe(true);
    expect(holds('ArnLike', 'arn:aws:s3:::${aws:nope}', 'arn:aws:s3:::ann')).toBe(false);
  });

  it('asks for all operators and keys, and says what it read', () => {
    const policy = bucket('Allow', '*', {
      Condition: {
        StringEquals: { 's3:ExistingObjectTag/Public': 'yes' },
        IpAddress: { 'aws:SourceIp': ['192.0.2.0/24'] },
      },
    });
    const decide = (values: [string, string][]) =>
      evaluate(request(anonymous, { context: new Map(values) }), { identity: [], resource: policy });
    const tag: [string, string] = ['s3:existingobjecttag/public', 'yes'];
    expect(decide([tag, ['aws:sourceip', '192.0.2.1']]).allowed).toBe(true);
    expect(decide([tag, ['aws:sourceip', '192.0.3.1']]).allowed).toBe(false);
    const missing = decide([['aws:sourceip', '192.0.2.1']]);
    expect(missing.allowed).toBe(false);
    expect(missing.contextKeysAbsent).toEqual(['s3:existingobjecttag/public']);
  });
});
