import { Command } from 'commander';
import type { StackOptions } from '../../stack/start.ts';
import { countOption, dataOption, hostOption, httpsPortOption, portOption } from '../options.ts';
import { runUntilSignal } from '../run-until-signal.ts';

export const stack = (): Command =>
  new Command('stack')
    .description('Start every service as a process of its own, with nats-server, MinIO and Postgres; Ctrl-C stops them')
    .addOption(dataOption('stack'))
    .addOption(portOption())
    .addOption(httpsPortOption())
    .addOption(hostOption())
    .addOption(countOption('--gateways <number>', 'how many gateways; the next ones listen on port + 2, + 4, …'))
    .option('--shared-port', 'all gateways listen on the first port, and the system shares the connections (Linux)')
    .addOption(countOption('--object-storages <number>', 'how many replicas of object-storage'))
    .addHelpText(
      'after',
      `
Programs: nats-server (2.10 or newer) and minio are looked for on PATH and in ~/go/bin; COFFER_NATS_BIN and
COFFER_MINIO_BIN name others. COFFER_STACK_POSTGRES_URL (an administrator's URL) uses a Postgres of yours.`,
    )
    .action((options: Omit<StackOptions, 'env'>) =>
      runUntilSignal(async () => {
        const { startStack } = await import('../../stack/start.ts');
        return await startStack({ ...options, env: process.env });
      }),
    );
