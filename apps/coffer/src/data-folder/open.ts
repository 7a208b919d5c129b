import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { PRIVATE_FOLDER, readIfPresent, writeFileDurably } from '../files.ts';
import { UserError } from '../user-error.ts';
import { layoutOf, type Layout, type Mode } from './layout.ts';
import { lockFile, type FolderLock } from './lock.ts';

const FORMAT = 1;
const MODE_COMMAND: Record<Mode, string> = { embedded: 'coffer up', stack: 'coffer stack' };

export interface DataFolder {
  readonly layout: Layout;
  readonly lock: FolderLock;
}

/** Which mode made the folder; undefined when it is none of Coffer's. */
export function modeOf(layout: Layout): Mode | undefined {
  let text: string | undefined;
  try {
    text = readIfPresent(layout.facts);
  } catch (error) {
    throw notReachable(layout.root, error);
  }
  if (text === undefined) return undefined;
  let facts: { format?: unknown; mode?: unknown };
  try {
    facts = JSON.parse(text) as typeof facts;
  } catch {
    throw new UserError(`${layout.facts} is damaged; it should hold {"format":${FORMAT},"mode":"embedded"}.`);
  }
  if (facts.format !== FORMAT || (facts.mode !== 'embedded' && facts.mode !== 'stack')) {
    throw new UserError(`The data folder ${layout.root} was made by another version of Coffer; use that version.`);
  }
  return facts.mode;
}

function notReachable(folder: string, error: unknown): UserError {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new UserError(`The data folder ${folder} cannot be written by this user; choose another with --data.`);
    case 'ENOTDIR':
    case 'EEXIST':
      return new UserError(`The data folder ${folder} is not a folder; choose another with --data.`);
    case 'ENOSPC':
      return new UserError(`The disk of the data folder ${folder} is full.`);
    default:
      return new UserError(`The data folder ${folder} cannot be used (${code ?? (error as Error).message}).`);
  }
}

/** What an interrupted first start may have left in a folder that is otherwise empty. */
function isOwnLeftover(name: string): boolean {
  return name === 'lost+found' || name.startsWith('coffer.');
}

/** A folder that holds somebody else's files is never taken over: a typing mistake must not spread data into it. */
function assertOwnOrEmpty(layout: Layout, mode: Mode): Mode | undefined {
  const found = modeOf(layout);
  if (found === mode) return found;
  if (found !== undefined) {
    throw new UserError(
      `The data folder ${layout.root} belongs to "${MODE_COMMAND[found]}"; choose another for "${MODE_COMMAND[mode]}".`,
    );
  }
  if (readdirSync(layout.root).every((name) => isOwnLeftover(name))) return undefined;
  throw new UserError(
    `${layout.root} is not empty and no data folder of Coffer; choose another, or a new one, with --data.`,
  );
}

/**
 * Makes the folder if need be and takes it for this process.
 *
 * @throws UserError in one sentence: in use, somebody else's, not writable.
 */
export function openDataFolder(folder: string, mode: Mode): DataFolder {
  const layout = layoutOf(folder);
  let lock: FolderLock | undefined;
  try {
    makeFolder(layout.root);
    const known = assertOwnOrEmpty(layout, mode);
    lock = lockFile(layout.lock);
    if (lock === undefined) {
      throw new UserError(
        `The data folder ${layout.root} is in use by a Coffer that is running; stop that one first, or choose another with --data.`,
      );
    }
    closeToOthers(layout.root);
    if (known === undefined) {
      const facts = { format: FORMAT, mode, createdAt: new Date().toISOString() };
      writeFileDurably(layout.facts, `${JSON.stringify(facts)}\n`);
    }
    return { layout, lock };
  } catch (error) {
    lock?.release();
    if (error instanceof UserError) throw error;
    throw (error as { code?: string }).code === 'ERR_SQLITE_ERROR'
      ? notReachable(layout.root, Object.assign(new Error(), { code: 'EACCES' }))
      : notReachable(layout.root, error);
  }
}

/**
 * Makes a folder and those above it. Node's own recursive mode tries for ever where a file system answers ENOENT although
 * the folder above is there, as /proc does.
 */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: PRIVATE_FOLDER });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(dirname(folder))) throw error;
    makeFolder(dirname(folder));
    makeFolder(folder);
  }
}

function closeToOthers(folder: string): void {
  if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, PRIVATE_FOLDER);
}
