import { Command } from 'commander';
import { countOption, dataOption, hostOption, httpsPortOption, portOption } from '../options.ts';
import { runUntilSignal } from '../run-until-signal.ts';

export const up = (): Command =>
  new Command('up')
    .description('Start all of Coffer in this process, with its own Postgres; Ctrl-C stops it')
    .addOption(dataOption('embedded'))
    .addOption(portOption())
    .addOption(httpsPortOption())
    .addOption(hostOption())
    .addOption(countOption('--processes <number>', 'how many processes share the work, each with all services (Linux)'))
    .action((options: { data: string; port: number; httpsPort: number; host: string; processes: number }) =>
      runUntilSignal(async () => {
        // Loaded here, so that short commands do not load every service.
        const { startEmbedded } = await import('../../embedded/start.ts');
        return await startEmbedded({ ...options, env: process.env });
      }),
    );
