import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requires } from '@coffer/testing';
import { workspace } from '../harness/paths.ts';
import type { StackFacts } from '../harness/stack-facts.ts';
import { onOwnStack } from '../harness/stack.ts';

const run = promisify(execFile);
const sources = join(workspace, 'load', 'client');
const program = join(sources, 'build', 'load-client');
const LIMIT_MS = 120_000;

/** As `onOwnStack`, where the load client can be compiled. Skipped elsewhere, with the reason. */
export function onLoad(name: string, body: () => void): void {
  if (requires('go')) onOwnStack(name, body);
}

export async function buildLoadClient(): Promise<void> {
  await run('go', ['build', '-o', program, '.'], { cwd: sources, timeout: LIMIT_MS });
}

/** What of the client's line is looked at; load/README.md says what it holds. */
export interface Loaded {
  readonly ops: number;
  readonly opsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  readonly errorSamples: readonly string[];
  readonly slowed?: number;
  readonly slowedP99Ms?: number;
}

/** Puts a load on a stack with the program of `load/client`, which costs a fraction of what the server does. */
export async function load(facts: StackFacts, bucket: string, args: readonly string[]): Promise<Loaded> {
  const { endpoint, region, accessKeyId, secretAccessKey } = facts;
  const { stdout } = await run(program, ['--endpoints', endpoint, '--region', region, '--bucket', bucket, ...args], {
    timeout: LIMIT_MS,
    env: { PATH: process.env['PATH'], AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
  });
  return JSON.parse(stdout) as Loaded;
}
