import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { guard } from '@coffer/testing';
import { workspace } from '../paths.ts';

const READY_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 60_000;

export interface Starting {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Asked again and again, with what was printed so far. */
  ready(output: string): boolean | Promise<boolean>;
}

/** A server of this benchmark's own, which does not outlive it. */
export interface Started {
  readonly pid: number;
  /** What it had printed when it was ready. */
  readonly output: string;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
}

/** The machine's environment without what would change how a server behaves. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(AWS_|COFFER_(?!(NATS|MINIO)_BIN$)|MINIO_|SSL_CERT|NODE_OPTIONS|NODE_EXTRA_CA|PG[A-Z]+$)|_proxy$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

export async function start(starting: Starting): Promise<Started> {
  const child = spawn(starting.command, [...starting.args], {
    cwd: workspace,
    env: starting.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const takeOff = child.pid === undefined ? () => undefined : guard(child.pid, { signal: 'TERM' });
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-100_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  for (const until = Date.now() + READY_WITHIN_MS; ; await pause(50)) {
    if (child.pid === undefined || over(child) || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`${starting.command} ${starting.args.join(' ')} did not become ready:\n${output.slice(-3_000)}`);
    }
    if (await starting.ready(output)) break;
  }
  return {
    pid: child.pid,
    output,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended;
      clearTimeout(timer);
      takeOff();
    },
  };
}

function over(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
