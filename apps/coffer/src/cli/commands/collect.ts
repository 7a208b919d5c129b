import { objectStorage } from '@coffer/contracts';
import { Command } from 'commander';
import { withOperator } from '../connect.ts';
import { dataOption, jsonOption } from '../options.ts';

export const collect = (): Command =>
  new Command('collect')
    .description('Remove now what nothing refers to, instead of waiting for the next round of the collector')
    .addOption(dataOption('embedded'))
    .addOption(jsonOption())
    .action(async (options: { data: string; json?: boolean }) => {
      const counts = await withOperator(options.data, (operator) => operator.call(objectStorage.collect, {}));
      process.stdout.write(
        options.json
          ? `${JSON.stringify(counts, undefined, 2)}\n`
          : `deletions carried out        ${counts.rolledForward}
blobs of removed versions    ${counts.doomed}
blobs that belong to nothing ${counts.orphans}
`,
      );
    });
