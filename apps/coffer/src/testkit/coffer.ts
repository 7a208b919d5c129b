import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

/** The built program: the tests run what people run. */
export const main = fileURLToPath(new URL('../../dist/program/main.js', import.meta.url));
const READY_WITHIN_MS = 90_000;

/** The environment without what the machine or a developer's shell sets for AWS and Coffer. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(AWS_|COFFER_)/.test(name) || /^COFFER_(NATS|MINIO)_BIN$/.test(name),
    ),
  );
}

export interface Started {
  readonly child: ChildProcess;
  /** What it printed so far. */
  stdout(): string;
  stderr(): string;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Waits for the lines to paste; rejects when it ends before. */
  ready(): Promise<void>;
  /** Ends it if it still runs. */
  end(): Promise<void>;
}

export function coffer(...args: string[]): Started {
  return program(process.execPath, [main, ...args]);
}

/** Any program, with more of an environment if need be. */
export function program(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
  const child = spawn(command, args, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  let over = false;
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => {
      over = true;
      resolve(code ?? signal ?? -1);
    });
  });
  return {
    child,
    ended,
    stdout: () => out,
    stderr: () => errors,
    async ready() {
      for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end; await sleep(25)) {
        if (/Ctrl-C stops Coffer/.test(out)) return;
        if (over) break;
      }
      throw new Error(`Coffer did not get ready: ${errors}`);
    },
    async end() {
      if (!over) child.kill('SIGTERM');
      await ended;
    },
  };
}

export interface Ended {
  code: number | NodeJS.Signals;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. */
export async function run(...args: string[]): Promise<Ended> {
  return await endOf(coffer(...args));
}

export async function endOf(started: Started): Promise<Ended> {
  const code = await started.ended;
  return { code, stdout: started.stdout(), stderr: started.stderr() };
}

export function exportedLines(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('export '));
}
