import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Variables that name a binary directly. */
const VARIABLES: ReadonlyMap<string, string> = new Map([
  ['nats-server', 'COFFER_NATS_BIN'],
  ['minio', 'COFFER_MINIO_BIN'],
]);

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of a program: named by its variable, else on PATH, else in `~/go/bin`. */
export function findBinary(name: string): string | undefined {
  const variable = VARIABLES.get(name);
  const named = variable === undefined ? undefined : process.env[variable];
  if (named) return executable(named) ? named : undefined;
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), join(homedir(), 'go', 'bin')];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name + suffix))
    .find(executable);
}

/**
 * Whether the programs are there that a suite needs: `describe.runIf(requires('nats-server'))(…)`. Says why it is
 * skipped when one is absent.
 * @throws Error where `CI=true`: there a suite that cannot run has failed
 */
export function requires(...names: string[]): boolean {
  const absent = names.filter((name) => findBinary(name) === undefined);
  if (absent.length === 0) return true;
  const reason = `needs ${absent.join(' and ')}, found neither on PATH nor in ~/go/bin`;
  if (process.env['CI'] === 'true') throw new Error(`This suite cannot run: it ${reason}.`);
  console.warn(`skipped: ${reason}`);
  return false;
}

/** As `findBinary`, for one that must be there. */
export function binary(name: string): string {
  const found = findBinary(name);
  if (found === undefined) throw new Error(`There is no ${name} on PATH or in ~/go/bin.`);
  return found;
}
