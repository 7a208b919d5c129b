import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, guard } from '@coffer/testing';

import { plainEnvironment } from './environment.ts';
import { cofferMain, workspace } from './paths.ts';
import type { StackFacts } from './stack-facts.ts';

const READY_WITHIN_MS = 240_000;
const STOP_WITHIN_MS = 60_000;

export interface RunningStack {
  readonly facts: StackFacts;
  /** SIGTERM; throws when the stack does not end with 0. */
  stop(): Promise<void>;
}

/** The `export NAME=value` lines that a ready stack prints. */
function exports(output: string): Map<string, string> {
  return new Map(
    [...output.matchAll(/^export (AWS_[A-Z_]+)=['"]?([^'"\n]*?)['"]?$/gm)].map((match) => [match[1]!, match[2]!]),
  );
}

const NEEDED = ['AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION', 'AWS_CA_BUNDLE'];

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coffer-e2e-'));
  await mkdir(join(folder, 'home'));
  await mkdir(join(folder, 'tmp'));
  return folder;
}

/** The server named by `COFFER_E2E_ENDPOINT` and its companions. */
export async function givenStack(endpoint: string): Promise<RunningStack> {
  const folder = await scratch();
  const env = process.env;
  return {
    facts: {
      mode: 'given',
      endpoint,
      httpsEndpoint: env['COFFER_E2E_HTTPS_ENDPOINT'],
      region: env['COFFER_E2E_REGION'] ?? 'us-east-1',
      accessKeyId: env['COFFER_E2E_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['COFFER_E2E_SECRET_ACCESS_KEY'] ?? '',
      caBundle: env['COFFER_E2E_CA_BUNDLE'],
      dataFolder: env['COFFER_E2E_DATA'],
      pid: undefined,
      scratch: folder,
    },
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Starts `coffer up` or `coffer stack` on a new folder and waits for the lines to paste. `args` are further options. */
export async function startStack(
  mode: 'embedded' | 'native',
  extra: NodeJS.ProcessEnv = {},
  args: readonly string[] = [],
): Promise<RunningStack> {
  if (!existsSync(cofferMain)) throw new Error(`There is no ${cofferMain}: run "npm run build" first.`);
  const folder = await scratch();
  const data = join(folder, 'data');
  const [port, httpsPort] = [await freePort(), await freePort()];
  const child = spawn(
    process.execPath,
    [
      cofferMain,
      mode === 'embedded' ? 'up' : 'stack',
      '--data',
      data,
      '--port',
      String(port),
      '--https-port',
      String(httpsPort),
      ...args,
    ],
    { cwd: workspace, env: { ...plainEnvironment(folder), ...extra }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const takeOff = child.pid === undefined ? () => undefined : guard(child.pid, { signal: 'TERM' });
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-200_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  let end: { code: number | null; signal: NodeJS.Signals | null } | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      end = { code, signal };
      resolve();
    });
  });

  const until = Date.now() + READY_WITHIN_MS;
  let values = exports(output);
  while (!NEEDED.every((name) => values.has(name))) {
    if (end !== undefined || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`The stack (${mode}) did not become ready:\n${output.slice(-6_000)}`);
    }
    await pause(50);
    values = exports(output);
  }

  const facts: StackFacts = {
    mode,
    endpoint: `http://127.0.0.1:${port}`,
    httpsEndpoint: `https://localhost:${httpsPort}`,
    region: values.get('AWS_REGION')!,
    accessKeyId: values.get('AWS_ACCESS_KEY_ID')!,
    secretAccessKey: values.get('AWS_SECRET_ACCESS_KEY')!,
    caBundle: values.get('AWS_CA_BUNDLE'),
    dataFolder: data,
    pid: child.pid,
    scratch: folder,
  };
  return {
    facts,
    async stop() {
      child.kill('SIGTERM');
      await Promise.race([ended, pause(STOP_WITHIN_MS, undefined, { ref: false })]);
      const late = end === undefined;
      if (late) child.kill('SIGKILL');
      await ended;
      takeOff();
      // What the services wrote outlives the run: a test that failed is understood from it.
      const logs = join(workspace, '.results', `e2e-${mode}-logs`);
      await rm(logs, { recursive: true, force: true });
      await cp(join(data, 'logs'), logs, { recursive: true }).catch(() => undefined);
      if (process.env['COFFER_E2E_KEEP'] === undefined)
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      if (late)
        throw new Error(`The stack did not end within ${STOP_WITHIN_MS} ms of SIGTERM:\n${output.slice(-4_000)}`);
      if (end?.code !== 0) {
        throw new Error(`The stack ended with ${end?.code ?? end?.signal} after SIGTERM:\n${output.slice(-4_000)}`);
      }
    },
  };
}
