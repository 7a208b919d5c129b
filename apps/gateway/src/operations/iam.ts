import { identity } from '@coffer/contracts';
import type { Gateway } from '../gateway.ts';
import { forward } from '../perform/forward.ts';
import type { NeedsInput, Operation } from './operation.ts';

type UserOperation = keyof typeof identity.identityOperations;

/**
 * The ARN of the user under which each request was judged last, by the request's input. Identity compares it when it
 * carries the operation out: the user may have been moved to a path where another policy applies.
 */
const judgedArns = new WeakMap<object, string>();

/** @param path begins with `/`, and ends so where a name follows */
function arnOf(accountId: string, path: string, userName: string): string {
  return `arn:aws:iam::${accountId}:user${path}${userName}`;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * The ARN of the user that an operation is about, with the path that identity keeps; the caller's own when the request
 * names none. Of a user that does not exist it is the ARN at the path `/`.
 */
async function judgedArn({ input, accountId, arn }: NeedsInput, { bus }: Gateway): Promise<string> {
  const userName = textOf(input['UserName']);
  let judged = arn;
  if (userName !== undefined) {
    const found = await bus.call(identity.userArn, { accountId, userName });
    judged = found.arn ?? arnOf(accountId, '/', userName);
  }
  judgedArns.set(input, judged);
  return judged;
}

function onUser(action: string): Operation['needs'] {
  return async (request, gateway) => [{ action, resource: await judgedArn(request, gateway) }];
}

/** A user that is renamed or moved must be permitted under the old ARN and under the new one. */
const onMovedUser: Operation['needs'] = async (request, gateway) => {
  const before = await judgedArn(request, gateway);
  const newPath = textOf(request.input['NewPath']);
  const newName = textOf(request.input['NewUserName']);
  const [, path = '/', name = ''] = /:user(\/.*\/|\/)([^/]*)$/.exec(before) ?? [];
  const after = arnOf(request.accountId, newPath ?? path, newName ?? name);
  const moved = (newPath !== undefined || newName !== undefined) && after !== before;
  return (moved ? [before, after] : [before]).map((resource) => ({ action: 'iam:UpdateUser', resource }));
};

/** Passes an operation on a user to identity, with the ARN under which it was judged. */
function forwardJudged(name: UserOperation, mutates: boolean): Operation['perform'] {
  return forward(name, mutates, ({ input }) => {
    const userArn = judgedArns.get(input);
    if (userArn === undefined) throw new Error(`${name} was not judged`);
    return { userArn };
  });
}

const common = { api: 'iam', bucket: 'none', needsBody: true } as const;

function read(name: UserOperation): Operation {
  return { ...common, name, mutates: false, needs: onUser(`iam:${name}`), perform: forwardJudged(name, false) };
}

function change(name: UserOperation, needs: Operation['needs'] = onUser(`iam:${name}`)): Operation {
  return { ...common, name, mutates: true, needs, perform: forwardJudged(name, true) };
}

/** The user is made at the ARN that the request names; there is none yet to compare with. */
const createUser: Operation = {
  ...common,
  name: 'CreateUser',
  mutates: true,
  needs: ({ input, accountId }) => {
    const resource = arnOf(accountId, textOf(input['Path']) ?? '/', textOf(input['UserName']) ?? '');
    return [{ action: 'iam:CreateUser', resource }];
  },
  perform: forward('CreateUser', true),
};

/**
 * The path prefix that is listed, `/` when none is named. AWS's Service Authorization Reference gives the action no resource
 * of its own, so that policies name `*`; AWS's refusals name `user/` as the resource of a listing without a prefix.
 */
const listUsers: Operation = {
  ...common,
  name: 'ListUsers',
  mutates: false,
  needs: ({ input, accountId }) => {
    const resource = arnOf(accountId, textOf(input['PathPrefix']) ?? '/', '');
    return [{ action: 'iam:ListUsers', resource }];
  },
  perform: forward('ListUsers', false),
};

/** IAM and STS operations, with their permissions. */
export const identityOperations: readonly Operation[] = [
  createUser,
  read('GetUser'),
  listUsers,
  change('UpdateUser', onMovedUser),
  change('DeleteUser'),
  change('CreateAccessKey'),
  read('ListAccessKeys'),
  change('UpdateAccessKey'),
  change('DeleteAccessKey'),
  change('PutUserPolicy'),
  read('GetUserPolicy'),
  read('ListUserPolicies'),
  change('DeleteUserPolicy'),
  // Allowed to everybody who is authenticated, even under an explicit deny.
  {
    api: 'sts',
    name: 'GetCallerIdentity',
    mutates: false,
    bucket: 'none',
    needs: () => [],
    perform: forward('GetCallerIdentity', false),
  },
];
