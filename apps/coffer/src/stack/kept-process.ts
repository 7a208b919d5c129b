import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guard } from '@coffer/database';
import { openLogFile } from '../embedded/logs.ts';
import { PRIVATE_FILE } from '../files.ts';
import { UserError } from '../user-error.ts';
import { lastWords } from './last-words.ts';
import { pidFile } from './leftovers.ts';

const FIRST_PAUSE_MS = 100;
/** Together with the start itself this stays below five seconds. */
const LONGEST_PAUSE_MS = 3_000;
/** One that ran this long is not failing over and over. */
const SETTLED_MS = 20_000;
const READY_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 45_000;
/** One that ends by itself this often before it was ever ready will not get ready by being started once more. */
const VAIN_STARTS = 3;

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Beside `env`, for the first start alone. */
  readonly firstEnv?: Readonly<Record<string, string>>;
  readonly logFolder: string;
  readonly runFolder: string;
  /** The process ends by itself when its channel to the supervisor closes (see `watchdog.ts`). */
  readonly watchesSupervisor: boolean;
  ready(): Promise<boolean>;
}

/** A process that is started again when it dies, until it is told to stop. */
export class KeptProcess {
  readonly spec: ProcessSpec;
  readonly #say: (line: string) => void;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #stopping = false;
  #starts = 0;
  /** Ends with an exit code, not by a signal, before it was first ready. */
  #vain = 0;
  #pause = FIRST_PAUSE_MS;
  #retry: NodeJS.Timeout | undefined;

  constructor(spec: ProcessSpec, say: (line: string) => void) {
    this.spec = spec;
    this.#say = say;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { name, command, args, env, firstEnv, logFolder, runFolder, watchesSupervisor } = this.spec;
    const log = openLogFile(logFolder, name);
    const started = performance.now();
    const child = spawn(command, [...args], {
      env: { ...env, ...(this.#starts === 0 ? firstEnv : {}) },
      // A group of its own: a signal to the supervisor's group must not overtake the order of stopping.
      detached: true,
      stdio: ['ignore', log, log, ...(watchesSupervisor ? (['ipc'] as const) : [])],
    });
    closeSync(log);
    this.#starts += 1;
    this.#child = child;
    let disarm = (): void => undefined;
    if (child.pid !== undefined) {
      writeFileSync(pidFile(runFolder, name), String(child.pid), { mode: PRIVATE_FILE });
      if (!watchesSupervisor) disarm = guard(child.pid, { signal: 'TERM' });
    }
    this.#exited = new Promise((resolve) => {
      const end = (how: string, byItself: boolean): void => {
        if (this.#child !== child) return;
        this.#child = undefined;
        disarm();
        rmSync(pidFile(runFolder, name), { force: true });
        resolve();
        if (byItself) this.#vain += 1;
        this.#ended(how, performance.now() - started);
      };
      child.once('error', (error) => end(error.message, true));
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`, signal === null));
    });
  }

  #ended(how: string, lived: number): void {
    if (this.#stopping) return;
    if (lived > SETTLED_MS) this.#pause = FIRST_PAUSE_MS;
    this.#say(`${this.spec.name} ended (${how}); starting it again`);
    this.#retry = setTimeout(() => this.start(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  /** @throws UserError when it ends by itself over and over, or does not get ready in two minutes */
  async ready(): Promise<void> {
    const { name, logFolder, ready } = this.spec;
    const log = join(logFolder, `${name}.log`);
    for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end; await sleep(50)) {
      if (this.#stopping) throw new UserError('Stopped while starting.');
      if (this.#child && (await ready())) return;
      if (this.#vain >= VAIN_STARTS) {
        throw new UserError(`${name} does not start: ${lastWords(log) ?? 'it says nothing'} (from ${log})`);
      }
    }
    throw new UserError(`${name} does not get ready; ${log} says why.`);
  }

  /** SIGTERM, and SIGKILL for one that does not end. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#retry);
    const child = this.#child;
    if (!child) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await this.#exited;
    clearTimeout(timer);
  }
}
