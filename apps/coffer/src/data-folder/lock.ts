import { createRequire } from 'node:module';

export interface FolderLock {
  release(): void;
}

const SQLITE_BUSY = 5;

/**
 * Takes a lock that the kernel gives back when the process ends in whatever way: SQLite's lock on an empty database.
 * (Node itself offers no file locks, and a file that holds a process id can be left behind.)
 *
 * @returns undefined when another process, or another caller in this one, holds it
 */
export function lockFile(path: string): FolderLock | undefined {
  // Loaded here, so that commands that lock nothing do not load it.
  const { DatabaseSync } = createRequire(import.meta.url)('node:sqlite') as typeof import('node:sqlite');
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}
