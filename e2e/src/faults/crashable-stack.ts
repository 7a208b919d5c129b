import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, guard } from '@coffer/testing';
import { plainEnvironment } from '../harness/environment.ts';
import { cofferMain, workspace } from '../harness/paths.ts';
import type { Target } from './client.ts';
import { guardsOf, kill, postmaster, stackProcess, untilGone } from './processes.ts';

export type Mode = 'embedded' | 'native';

const READY_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 60_000;
const KEEP_OUTPUT = 100_000;

/** Quick collectors and drains, so that what they promise can be waited for. */
export const QUICK: NodeJS.ProcessEnv = {
  COFFER_BLOB_GRACE_MS: '5000',
  COFFER_COLLECT_INTERVAL_MS: '700',
  COFFER_ORPHAN_SEARCH_INTERVAL_MS: '0',
  COFFER_ROLL_FORWARD_INTERVAL_MS: '500',
  COFFER_AUDIT_DRAIN_INTERVAL_MS: '400',
  COFFER_AUDIT_DRAIN_MIN_AGE_MS: '1000',
};

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A stack on a folder of its own that is killed and started again, always on the same ports. */
export class CrashableStack {
  #child: ChildProcess | undefined;
  #takeOff: () => void = () => undefined;
  #output = '';
  #ended: Promise<Ended> | undefined;
  #end: Ended | undefined;
  #target: Target | undefined;

  private constructor(
    readonly mode: Mode,
    readonly folder: string,
    private readonly ports: readonly [http: number, https: number],
    private readonly env: NodeJS.ProcessEnv,
    private readonly args: readonly string[],
  ) {}

  /** Makes the folder; starts nothing. `args` are further options of the command. */
  static async create(mode: Mode, env: NodeJS.ProcessEnv = {}, args: readonly string[] = []): Promise<CrashableStack> {
    const folder = await mkdtemp(join(tmpdir(), 'coffer-crash-'));
    await mkdir(join(folder, 'tmp'));
    return new CrashableStack(mode, folder, [await freePort(), await freePort()], { ...QUICK, ...env }, args);
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.ports[0]}`;
  }

  /** Of the n-th gateway of a native stack, counted from 0. */
  endpointOf(gateway: number): string {
    return `http://127.0.0.1:${this.ports[0] + 2 * gateway}`;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** What the stack printed since it was started last. */
  get output(): string {
    return this.#output;
  }

  /** The root user of the first account; placeholders until the stack was ready for the first time. */
  target(): Target {
    const value = (name: string) => new RegExp(`^export ${name}=['"]?([^'"\\n]*)`, 'm').exec(this.#output)?.[1];
    const [region, accessKeyId, secretAccessKey] = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map(
      value,
    );
    if (region && accessKeyId && secretAccessKey) {
      this.#target = { endpoint: this.endpoint, region, keys: { accessKeyId, secretAccessKey } };
    }
    return (
      this.#target ?? { endpoint: this.endpoint, region: 'unknown', keys: { accessKeyId: '-', secretAccessKey: '-' } }
    );
  }

  /**
   * Starts without waiting.
   * @param under a program with its arguments that runs Coffer, such as a tracer; `pid` is then its process
   */
  launch(env: NodeJS.ProcessEnv = {}, under: readonly string[] = []): void {
    const [port, httpsPort] = this.ports.map(String) as [string, string];
    const command = this.mode === 'embedded' ? 'up' : 'stack';
    const [program, ...args] = [...under, process.execPath, cofferMain, command];
    const options = ['--data', this.data, '--port', port, '--https-port', httpsPort, ...this.args];
    const child = spawn(program!, [...args, ...options], {
      cwd: workspace,
      env: { ...plainEnvironment(this.folder), ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#takeOff = child.pid === undefined ? () => undefined : guard(child.pid, { signal: 'TERM' });
    this.#output = '';
    this.#end = undefined;
    const keep = (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-KEEP_OUTPUT));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#takeOff();
        this.#end = { code, signal };
        resolve(this.#end);
      });
    });
  }

  /** Starts and waits for the lines to paste. */
  async start(env: NodeJS.ProcessEnv = {}, under: readonly string[] = []): Promise<void> {
    this.launch(env, under);
    for (const until = Date.now() + READY_WITHIN_MS; !/^export AWS_CA_BUNDLE=/m.test(this.#output); await pause(20)) {
      if (this.#end !== undefined || Date.now() > until) {
        kill(this.pid);
        throw new Error(
          `The stack did not become ready (${JSON.stringify(this.#end)}):\n${this.#output.slice(-6_000)}`,
        );
      }
    }
  }

  /** How the process ended, when that happens within the time. */
  async endedWithin(withinMs: number): Promise<Ended | undefined> {
    return await Promise.race([this.#ended, pause(withinMs, undefined, { ref: false })]);
  }

  /**
   * SIGKILL of the whole process.
   * @param database what becomes of Postgres: `guarded`: ended by its guard; `left`: goes on running, as when the guard
   *   dies too; `killed`: dies with it, as in a power cut
   */
  async crash(database: 'guarded' | 'left' | 'killed' = 'guarded'): Promise<void> {
    const server = postmaster(this.data);
    if (database !== 'guarded') for (const shell of guardsOf(this.pid)) kill(shell);
    kill(this.pid);
    if (database === 'killed' && server !== undefined) kill(server);
    await this.#ended;
    if (database === 'killed' && server !== undefined) await untilGone(server);
  }

  /** Starts without anything armed, killing what runs. */
  async restart(): Promise<void> {
    if (this.#child && this.#end === undefined) await this.crash();
    await this.start();
  }

  /** SIGTERM; throws when the stack does not end with 0. */
  async stop(): Promise<void> {
    if (!this.#child || this.#end !== undefined) return;
    this.#child.kill('SIGTERM');
    const end = await this.endedWithin(STOP_WITHIN_MS);
    if (end?.code !== 0) {
      kill(this.pid);
      throw new Error(`After SIGTERM the stack ended with ${JSON.stringify(end)}:\n${this.#output.slice(-4_000)}`);
    }
  }

  /** Kills what is left and removes the folder, unless `COFFER_E2E_KEEP` asks to keep it. */
  async remove(): Promise<void> {
    if (this.#child && this.#end === undefined) {
      kill(this.pid);
      await this.#ended;
    }
    // A crash without guards may have left servers that no later start has stopped.
    for (const name of ['nats', 'minio']) {
      const left = stackProcess(this.data, name);
      if (left !== undefined) kill(left);
    }
    // The folder can go once the database is gone.
    const server = postmaster(this.data);
    if (server !== undefined) await untilGone(server).catch(() => kill(server));
    if (process.env['COFFER_E2E_KEEP'] === undefined)
      await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
