import { Command } from 'commander';
import { account } from './commands/account.ts';
import { env } from './commands/env.ts';
import { status } from './commands/status.ts';
import { stack } from './commands/stack.ts';
import { up } from './commands/up.ts';

export function program(): Command {
  return new Command('coffer')
    .description('A self-hosted, S3-compatible object store about control')
    .version('0.1.0')
    .showHelpAfterError('(--help lists what there is)')
    .addCommand(up())
    .addCommand(stack())
    .addCommand(env())
    .addCommand(status())
    .addCommand(account());
}
