import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { plainEnvironment } from './environment.ts';
import { cofferMain, workspace } from './paths.ts';
import { stack } from './stack.ts';

/** Runs `coffer <args> --data <folder of the stack>` and returns its standard output. */
export async function coffer(...args: string[]): Promise<string> {
  const { dataFolder, scratch } = stack();
  if (dataFolder === undefined) throw new Error('The operator channel needs the data folder of the stack.');
  const { stdout } = await promisify(execFile)(process.execPath, [cofferMain, ...args, '--data', dataFolder], {
    cwd: workspace,
    env: plainEnvironment(scratch),
    maxBuffer: 64 * 1024 ** 2,
  });
  return stdout;
}
