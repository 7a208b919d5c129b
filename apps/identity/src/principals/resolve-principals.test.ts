import { identity as contracts } from '@coffer/contracts';
import { expect, test } from 'vitest';
import { identityWorld } from '../testkit/world.ts';

const world = identityWorld('identity_principals');

test('principals are resolved to unique ids and back', async () => {
  const root = await world.newRoot();
  const { accountId } = root.principal;
  const { User } = await root.call('CreateUser', { UserName: 'Ann', Path: '/p/' });
  const rootArn = `arn:aws:iam::${accountId}:root`;
  const lost = [
    `arn:aws:iam::${accountId}:user/Ann`,
    `arn:aws:iam::${accountId}:user/p/ann`,
    `arn:aws:iam::${accountId}:user/p/*`,
    'arn:aws:iam::000000000000:root',
    `arn:aws:iam::${accountId}`,
    `${accountId}:root`,
    '*',
    '__proto__',
    'a\0b',
  ];
  const resolvePrincipals = (arns: string[], ids: string[]) =>
    world.client('gateway').call(contracts.resolvePrincipals, { arns, ids });
  const { byArn, byId } = await resolvePrincipals(
    [User.Arn, rootArn, accountId, ...lost],
    [User.UserId, rootArn, 'AIDAGONE'],
  );
  expect(byArn[User.Arn]).toBe(User.UserId);
  expect([byArn[rootArn], byArn[accountId]]).toEqual([rootArn, rootArn]);
  for (const arn of lost) expect(Object.entries(byArn).find(([name]) => name === arn)?.[1] ?? null).toBeNull();
  expect(byId).toEqual({ [User.UserId]: User.Arn, [rootArn]: rootArn, AIDAGONE: null });
  await root.call('DeleteUser', { UserName: 'Ann' });
  await root.call('CreateUser', { UserName: 'Ann', Path: '/p/' });
  const later = await resolvePrincipals([User.Arn], [User.UserId]);
  expect(later.byId[User.UserId]).toBeNull();
  expect(later.byArn[User.Arn]).not.toBe(User.UserId);
});
