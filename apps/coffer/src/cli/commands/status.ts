import { Command } from 'commander';
import { isHealthy, statusOfAll, type ServiceStatus } from '../../operator/operator.ts';
import { withOperator } from '../connect.ts';
import { dataOption, jsonOption } from '../options.ts';

function line(name: string, status: ServiceStatus): string {
  if (!status.up) return `${name.padEnd(16)} down    ${status.reason}\n`;
  const wrong = Object.entries(status.checks).filter(([, outcome]) => outcome !== 'ok');
  const since = new Date(status.startedAt).toISOString();
  if (wrong.length === 0) return `${name.padEnd(16)} up      ${status.version}, since ${since}\n`;
  return `${name.padEnd(16)} failing ${wrong.map(([check, outcome]) => `${check}: ${outcome}`).join('; ')}\n`;
}

export const status = (): Command =>
  new Command('status')
    .description('Show how each service is; exit code 1 when one is down or failing')
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
                .map(([name, each]) => line(name, each))
                .join('')}`,
        );
        if (!healthy) process.exitCode = 1;
      });
    });
