import { Command } from 'commander';
import { dataOption } from '../options.ts';

/** What `coffer up --processes` starts; of no use by itself. */
export const worker = (): Command =>
  new Command('worker')
    .description('A further process of `coffer up --processes`, which starts it')
    .addOption(dataOption('embedded'))
    .action(async ({ data }: { data: string }) => {
      const { runWorker } = await import('../../embedded/worker.ts');
      await runWorker(data, process.env);
    });
