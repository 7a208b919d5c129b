import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 5_000;

/** The nats-server binary: `COFFER_NATS_BIN`, else the first on PATH, else where Go installs it; undefined if none. */
export function findNatsServer(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter(Boolean), join(homedir(), 'go', 'bin')];
  const candidates = env['COFFER_NATS_BIN']
    ? [env['COFFER_NATS_BIN']]
    : folders.map((folder) => join(folder, 'nats-server'));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export interface NatsServerProcess {
  /** `nats://host:port` */
  readonly url: string;
  readonly pid: number;
  /** Resolves when the process is gone, with its exit code. */
  readonly exited: Promise<number | null>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

async function portsOf(folder: string, pid: number, deadline: number, alive: () => boolean): Promise<string> {
  for (;;) {
    try {
      const ports = JSON.parse(readFileSync(join(folder, `nats-server_${pid}.ports`), 'utf8')) as { nats?: string[] };
      const [url] = ports.nats ?? [];
      if (url !== undefined) return url;
    } catch {
      // Not written yet, or half written.
    }
    if (!alive()) throw new Error('nats-server ended at once; its log is in the folder');
    if (Date.now() > deadline) throw new Error('nats-server did not start in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Runs nats-server as a child with this configuration (see `renderNatsConfig`). Configuration, log and port file lie
 * in `folder`, which is made with mode 0700.
 */
export async function startNatsServer(options: {
  binary: string;
  folder: string;
  config: string;
}): Promise<NatsServerProcess> {
  const { binary, folder, config } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const configFile = join(folder, 'nats.conf');
  writeFileSync(configFile, config, { mode: 0o600 });
  const args = ['-c', configFile, '-l', join(folder, 'nats.log'), '--ports_file_dir', folder];
  const child = spawn(binary, args, { stdio: 'ignore' });
  let running = true;
  // An end of this process that nobody planned must not leave the broker behind.
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed);
  const exited = new Promise<number | null>((resolve) => {
    const end = (code: number | null): void => {
      running = false;
      process.off('exit', killed);
      resolve(code);
    };
    child.once('exit', end);
    child.once('error', () => end(null));
  });
  await Promise.race([once(child, 'spawn'), exited]);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${binary} could not be started`);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (!running) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await exited;
    clearTimeout(timer);
  };
  try {
    return { url: await portsOf(folder, pid, Date.now() + START_LIMIT_MS, () => running), pid, exited, stop };
  } catch (error) {
    await stop('SIGKILL');
    throw error;
  }
}
