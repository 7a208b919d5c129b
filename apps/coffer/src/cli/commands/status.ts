import { Command } from 'commander';
import { failures, isHealthy, statusOfAll, type ProcessStatus, type ServiceStatus } from '../../operator/operator.ts';
import { withOperator } from '../connect.ts';
import { dataOption, jsonOption } from '../options.ts';

const row = (name: string, state: string, more: string): string => `${name.padEnd(16)} ${state.padEnd(7)} ${more}\n`;

function lineOf(name: string, process: ProcessStatus): string {
  const wrong = failures(process);
  if (wrong.length > 0) {
    return row(name, 'failing', `${process.instance}: ${wrong.map(([check, why]) => `${check}: ${why}`).join('; ')}`);
  }
  return row(name, 'up', `${process.instance}, ${process.version}, since ${new Date(process.startedAt).toISOString()}`);
}

/** One line for each process, and one for what is lacking. */
function lines(name: string, { up, reason, processes }: ServiceStatus): string {
  const there = processes.map((process) => lineOf(name, process)).join('');
  return up ? there : `${there}${row(name, 'down', reason ?? '')}`;
}

export const status = (): Command =>
  new Command('status')
    .description('Show how each process of each service is; exit code 1 when one is down or failing')
    .addOption(dataOption('embedded'))
    .addOption(jsonOption())
    .action(async (options: { data: string; json?: boolean }) => {
      await withOperator(options.data, async (operator) => {
        const services = await statusOfAll(operator);
        const healthy = isHealthy(services);
        const { endpoint, httpsEndpoint } = operator.endpoints;
        process.stdout.write(
          options.json
            ? `${JSON.stringify({ healthy, endpoint, httpsEndpoint, services }, undefined, 2)}\n`
            : `${'endpoint'.padEnd(16)} ${[endpoint, httpsEndpoint].filter(Boolean).join(' and ')}\n${Object.entries(
                services,
              )
                .map(([name, each]) => lines(name, each))
                .join('')}`,
        );
        if (!healthy) process.exitCode = 1;
      });
    });
