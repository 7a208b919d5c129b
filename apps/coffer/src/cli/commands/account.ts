import { randomUUID } from 'node:crypto';
import { identity, isFault } from '@coffer/contracts';
import { Command } from 'commander';
import { UserError } from '../../user-error.ts';
import { withOperator } from '../connect.ts';
import { dataOption, jsonOption } from '../options.ts';

interface Options {
  data: string;
  json?: boolean;
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._ -]{0,62}$/;

const create = (): Command =>
  new Command('create')
    .description('Make a new account and print its root access key, which is shown this once')
    .argument('<name>', 'letters, digits, space, dot, dash, underscore; at most 63')
    .addOption(dataOption('embedded'))
    .addOption(jsonOption())
    .action(async (name: string, options: Options) => {
      if (!NAME.test(name)) {
        throw new UserError('An account name has 1 to 63 letters, digits, spaces, dots, dashes or underscores.');
      }
      const message = { name, operationId: randomUUID() };
      const account = await withOperator(options.data, (operator) =>
        operator.call(identity.createAccount, message).catch((error: unknown) => {
          if (isFault(error, 'AccountAlreadyExists'))
            throw new UserError(`There is an account called ${name} already.`);
          throw error;
        }),
      );
      process.stdout.write(
        options.json
          ? `${JSON.stringify(account, undefined, 2)}\n`
          : `account            ${account.accountId}
name               ${account.name}
canonical id       ${account.canonicalId}
access key id      ${account.accessKeyId}
secret access key  ${account.secretAccessKey}
`,
      );
    });

const list = (): Command =>
  new Command('list')
    .description('List the accounts')
    .addOption(dataOption('embedded'))
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const { accounts } = await withOperator(options.data, (operator) => operator.call(identity.listAccounts, {}));
      const lines = accounts.map(({ accountId, canonicalId, createdAt, name }) =>
        [accountId, canonicalId, new Date(createdAt).toISOString(), name].join('  '),
      );
      process.stdout.write(
        options.json ? `${JSON.stringify(accounts, undefined, 2)}\n` : lines.map((each) => `${each}\n`).join(''),
      );
    });

export const account = (): Command =>
  new Command('account').description('Make and list accounts').addCommand(create()).addCommand(list());
