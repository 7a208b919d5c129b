import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, type Logger } from '@coffer/service-kit';
import { PRIVATE_FILE, PRIVATE_FOLDER } from '../files.ts';

const KEEP_BYTES = 32 * 1024 * 1024;
const LOUD = /"level":"(warn|error|fatal)"/;

export interface Logs {
  /** The logger of one service. */
  of(service: string): Logger;
  close(): void;
}

/** Opens a log file for appending; one older part is kept when it has grown large. */
export function openLogFile(folder: string, name: string): number {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const path = join(folder, `${name}.log`);
  try {
    if (statSync(path).size > KEEP_BYTES) renameSync(path, `${path}.1`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return openSync(path, 'a', PRIVATE_FILE);
}

/** A log line as a person reads it. */
export function humanLine(line: string): string {
  const entry = JSON.parse(line) as {
    level: string;
    service?: string;
    msg?: string;
    reason?: string;
    err?: { message?: string };
  };
  const cause = entry.reason ?? entry.err?.message;
  const more = cause === undefined || cause === entry.msg ? '' : `: ${cause}`;
  return `coffer: ${entry.level}: ${entry.service ?? 'coffer'}: ${entry.msg ?? ''}${more}\n`;
}

/** Everything goes to `coffer.log` as JSON lines; warnings and worse are shown on standard error too. */
export function openLogs(folder: string, level: string): Logs {
  const file = openLogFile(folder, 'coffer');
  let open = true;
  const destination = {
    write(line: string): void {
      if (open) writeSync(file, line);
      if (LOUD.test(line)) process.stderr.write(humanLine(line));
    },
  };
  return {
    of: (service) => createLogger({ service, level, destination }),
    close: () => {
      open = false;
      closeSync(file);
    },
  };
}
