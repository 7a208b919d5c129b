import { spawn } from 'node:child_process';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { workspace } from '../../harness/paths.ts';
import type { Operation } from './history.ts';

export const checkerSources = join(workspace, 'e2e', 'linearizability');
const program = join(checkerSources, 'build', 'linearizability');

export interface Violation {
  readonly key: string;
  readonly verdict: string;
  /** The first answer that no order of the operations explains. */
  readonly answer?: Operation;
  /** What came before it and beside it. */
  readonly around?: readonly Operation[];
}

export interface Linearizability {
  readonly keys: number;
  readonly operations: number;
  readonly unknown: number;
  readonly violations: readonly Violation[];
}

/** Compiles the checker; that needs Go, and at first the module proxy. */
export async function buildChecker(): Promise<void> {
  try {
    await promisify(execFile)('go', ['build', '-o', program, '.'], { cwd: checkerSources });
  } catch (error) {
    throw new Error(`The checker of histories needs Go (https://go.dev, 1.22 or newer): ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Searches for each key an order of its operations that explains every answer. */
export async function checkLinearizability(operations: readonly Operation[]): Promise<Linearizability> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(child, 'close');
  for (const operation of operations) {
    if (!child.stdin.write(`${JSON.stringify(operation)}\n`)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`the checker of histories ended with ${code}`);
  return JSON.parse(Buffer.concat(chunks).toString()) as Linearizability;
}
