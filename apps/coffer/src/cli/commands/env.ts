import { Command } from 'commander';
import { clientEnvironment, exportLines } from '../../operator/export-lines.ts';
import { withOperator } from '../connect.ts';
import { dataOption, jsonOption } from '../options.ts';

export const env = (): Command =>
  new Command('env')
    .description('Print the lines that point AWS clients to a running Coffer: eval "$(coffer env)"')
    .addOption(dataOption('embedded'))
    .addOption(jsonOption())
    .action(async (options: { data: string; json?: boolean }) => {
      const environment = await withOperator(options.data, clientEnvironment);
      process.stdout.write(options.json ? `${JSON.stringify(environment, undefined, 2)}\n` : exportLines(environment));
    });
