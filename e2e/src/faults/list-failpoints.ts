import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { workspace } from '../harness/paths.ts';

const SERVICES = ['gateway', 'identity', 'object-storage', 'kms', 'governance', 'audit'];

/** The names of all failpoints that the built services register, each service loaded as the product loads it. */
export async function listFailpoints(): Promise<string[]> {
  const script = `
    for (const service of ${JSON.stringify(SERVICES)}) await import('@coffer/' + service);
    const { failpoints } = await import('@coffer/service-kit');
    process.stdout.write(JSON.stringify([...failpoints].sort()));
    process.exit(0);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(workspace, 'apps', 'coffer'),
  });
  return JSON.parse(stdout) as string[];
}
