import { randomBytes } from 'node:crypto';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteUserPolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { Keys } from './clients.ts';
import { iam, sts } from './clients.ts';
import { coffer } from './coffer-command.ts';

export interface Account extends Keys {
  /** Twelve digits. */
  readonly accountId: string;
  /** 64 hexadecimal digits. */
  readonly canonicalId: string;
}

/** Makes another account through the operator's command line. */
export async function newAccount(): Promise<Account> {
  const name = `e2e-${randomBytes(4).toString('hex')}`;
  const account = JSON.parse(await coffer('account', 'create', name, '--json')) as Account;
  for (const field of ['accountId', 'canonicalId', 'accessKeyId', 'secretAccessKey'] as const) {
    if (typeof account[field] !== 'string') throw new Error(`"coffer account create --json" printed no ${field}`);
  }
  return account;
}

export interface User extends Keys {
  readonly name: string;
  readonly arn: string;
  /** Puts the inline policy named `inline`, replacing the one before. */
  allow(...statements: object[]): Promise<void>;
  /** Takes the inline policy away. */
  forbid(): Promise<void>;
}

/** Makes an IAM user with an access key, and with one inline policy when statements are given. */
export async function newUser(statements: object[] = [], owner?: Keys): Promise<User> {
  const client = iam(owner);
  const name = `user-${randomBytes(5).toString('hex')}`;
  const { User: made } = await client.send(new CreateUserCommand({ UserName: name }));
  const { AccessKey: key } = await client.send(new CreateAccessKeyCommand({ UserName: name }));
  const user: User = {
    name,
    arn: made!.Arn!,
    accessKeyId: key!.AccessKeyId!,
    secretAccessKey: key!.SecretAccessKey!,
    async allow(...all) {
      const document = JSON.stringify({ Version: '2012-10-17', Statement: all });
      await client.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'inline', PolicyDocument: document }));
    },
    async forbid() {
      await client.send(new DeleteUserPolicyCommand({ UserName: name, PolicyName: 'inline' }));
    },
  };
  if (statements.length > 0) await user.allow(...statements);
  return user;
}

export async function accountId(keys?: Keys): Promise<string> {
  return (await sts(keys).send(new GetCallerIdentityCommand({}))).Account!;
}
