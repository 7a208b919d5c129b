import { Command } from 'commander';
import { examine } from '../../doctor/examine.ts';
import type { Finding } from '../../doctor/check.ts';
import { connect } from '../connect.ts';
import { dataOption, hostOption, httpsPortOption, jsonOption, portOption } from '../options.ts';

const MARK: Record<Finding['state'], string> = { ok: 'ok     ', warning: 'note   ', problem: 'PROBLEM' };

function lines({ name, state, seen, mend }: Finding): string {
  return `${MARK[state]}  ${name}: ${seen}\n${mend === undefined ? '' : `         → ${mend}\n`}`;
}

interface Options {
  data: string;
  port: number;
  httpsPort: number;
  host: string;
  json?: boolean;
}

export const doctor = (): Command =>
  new Command('doctor')
    .description('Say what is wrong and how to mend it; exit code 1 when there is a problem. Changes nothing')
    .addOption(dataOption('embedded'))
    .addOption(portOption())
    .addOption(httpsPortOption())
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const findings = await examine({ ...options, env: process.env, connect: (data) => connect(data) });
      const healthy = findings.every(({ state }) => state !== 'problem');
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ healthy, findings }, undefined, 2)}\n`
          : findings.map((finding) => lines(finding)).join(''),
      );
      if (!healthy) process.exitCode = 1;
    });
