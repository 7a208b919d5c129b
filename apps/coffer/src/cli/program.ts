import { Command } from 'commander';
import { account } from './commands/account.ts';
import { collect } from './commands/collect.ts';
import { composeEnv, natsConfig, provision } from './commands/deploy.ts';
import { doctor } from './commands/doctor.ts';
import { env } from './commands/env.ts';
import { presign } from './commands/presign.ts';
import { stack } from './commands/stack.ts';
import { status } from './commands/status.ts';
import { up } from './commands/up.ts';
import { worker } from './commands/worker.ts';

export function program(): Command {
  const commands = [up, stack, env, status, doctor, account, presign, collect, composeEnv, natsConfig, provision];
  const coffer = new Command('coffer')
    .description('A self-hosted, S3-compatible object store about control')
    .version('0.1.0')
    .showHelpAfterError('(--help lists what there is)');
  for (const command of commands) coffer.addCommand(command());
  coffer.addCommand(worker(), { hidden: true });
  return coffer;
}
