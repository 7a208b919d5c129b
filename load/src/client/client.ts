import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { clientProgram, clientSources } from '../paths.ts';
import type { Credentials } from '../subjects/subject.ts';
import { readResult, type ClientResult } from './result.ts';

const run = promisify(execFile);

/** No run of the client takes longer; one that does has hung. */
const LIMIT_MS = 15 * 60_000;

/** Compiles the load client, which takes a moment when nothing changed. Needs Go 1.22 or newer. */
export async function buildClient(): Promise<void> {
  try {
    await run('go', ['build', '-o', clientProgram, '.'], { cwd: clientSources });
  } catch (error) {
    throw new Error('The load client needs Go (https://go.dev, 1.22 or newer) on PATH.', { cause: error });
  }
}

/** Where a load goes. */
export interface Destination {
  readonly endpoints: readonly string[];
  readonly region: string;
  readonly credentials: Credentials;
}

/** Puts one load on a server. `args` are options of the load client. */
export async function load(to: Destination, bucket: string, args: readonly string[]): Promise<ClientResult> {
  const { stdout } = await run(
    clientProgram,
    ['--endpoints', to.endpoints.join(','), '--region', to.region, '--bucket', bucket, ...args],
    {
      timeout: LIMIT_MS,
      env: {
        PATH: process.env['PATH'],
        AWS_ACCESS_KEY_ID: to.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: to.credentials.secretAccessKey,
      },
    },
  );
  return readResult(stdout);
}
