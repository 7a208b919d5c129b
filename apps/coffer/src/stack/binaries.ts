import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { UserError } from '../user-error.ts';

interface Program {
  readonly name: string;
  /** Variable that names the program directly. */
  readonly variable: string;
  readonly install: string;
}

const NATS: Program = {
  name: 'nats-server',
  variable: 'COFFER_NATS_BIN',
  install: 'go install github.com/nats-io/nats-server/v2@latest',
};
const MINIO: Program = {
  name: 'minio',
  variable: 'COFFER_MINIO_BIN',
  install: 'go install github.com/minio/minio@latest',
};
const LEAST_NATS = [2, 10] as const;

export interface Binaries {
  readonly nats: string;
  readonly minio: string;
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** All programs of that name: the one named by the variable alone, else those on PATH, then in `~/go/bin`. */
function candidates(program: Program, env: NodeJS.ProcessEnv): string[] {
  const named = env[program.variable];
  if (named) return executable(named) ? [named] : [];
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter(Boolean), join(homedir(), 'go', 'bin')];
  return folders.map((folder) => join(folder, program.name)).filter((file) => executable(file));
}

/** `nats-server: v2.15.2` → [2, 15]; undefined when it says something else. */
export function natsVersion(output: string): readonly [number, number] | undefined {
  const match = /v(\d+)\.(\d+)\./.exec(output);
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}

function isNewEnough(file: string): boolean {
  try {
    const version = natsVersion(execFileSync(file, ['--version'], { encoding: 'utf8', timeout: 5_000 }));
    if (version === undefined) return false;
    return version[0] > LEAST_NATS[0] || (version[0] === LEAST_NATS[0] && version[1] >= LEAST_NATS[1]);
  } catch {
    return false;
  }
}

/** Where no program of that name was found. */
function nowhere(program: Program, env: NodeJS.ProcessEnv): string {
  const named = env[program.variable];
  if (named) return `${program.variable} names ${named}, which cannot be run`;
  return `there is no ${program.name} on PATH or in ~/go/bin`;
}

function howToGet(program: Program): string {
  return `get it with "${program.install}", or name one with ${program.variable}`;
}

export function findMinio(env: NodeJS.ProcessEnv): string {
  const [found] = candidates(MINIO, env);
  if (found !== undefined) return found;
  throw new UserError(`The native stack needs MinIO, and ${nowhere(MINIO, env)}; ${howToGet(MINIO)}.`);
}

export function findNats(env: NodeJS.ProcessEnv): string {
  const all = candidates(NATS, env);
  const found = all.find((file) => isNewEnough(file));
  if (found !== undefined) return found;
  const what = all.length === 0 ? nowhere(NATS, env) : `${all.join(', ')} is older`;
  throw new UserError(
    `The native stack needs nats-server ${LEAST_NATS.join('.')} or newer, and ${what}; ${howToGet(NATS)}.`,
  );
}

/** @throws UserError that names all that is lacking and how to get it */
export function findBinaries(env: NodeJS.ProcessEnv): Binaries {
  const problems: string[] = [];
  const attempt = (find: () => string): string => {
    try {
      return find();
    } catch (error) {
      problems.push((error as Error).message);
      return '';
    }
  };
  const binaries = { nats: attempt(() => findNats(env)), minio: attempt(() => findMinio(env)) };
  if (problems.length > 0) throw new UserError(problems.join('\n'));
  return binaries;
}
