import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { guard } from '@coffer/database';

export interface ServerOptions {
  program: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** Removed when the test process dies; ordinary ends remove it themselves. */
  folder: string;
  /** Whether the server takes connections. */
  ready(): Promise<boolean>;
}

const READY_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 5_000;

/** A real server as a child process, which can be stopped, killed and started again on the same folder. */
export class ServerProcess {
  readonly #options: ServerOptions;
  #child: ChildProcess | undefined;
  #exit: Promise<void> = Promise.resolve();
  #disarm: () => void = () => undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    if (this.#child) return;
    const { program, args, env, folder, ready } = this.#options;
    const child = spawn(program, [...args], {
      env: { PATH: process.env['PATH'], HOME: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let output = '';
    let over = false;
    const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#exit = new Promise((resolve) => {
      const end = () => {
        over = true;
        resolve();
      };
      child.once('error', (error) => {
        keep(Buffer.from(error.message));
        end();
      });
      child.once('exit', end);
    });
    if (child.pid !== undefined) this.#disarm = guard(child.pid, { signal: 'KILL', folder });
    for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end; await pause(20)) {
      if (over) break;
      if (await ready()) return;
    }
    await this.kill();
    throw new Error(`${program} did not start:\n${output}`);
  }

  /** SIGTERM, and SIGKILL for one that does not listen. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** SIGKILL. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await this.#exit;
    clearTimeout(timer);
    this.#disarm();
    this.#child = undefined;
  }
}
