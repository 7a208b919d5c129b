import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { PRIVATE_FOLDER, writeFileDurably } from '../files.ts';
import { UserError } from '../user-error.ts';
import type { Layout } from './layout.ts';

const KEY_BYTES = 32;

/**
 * Where the root key comes from: the environment if it says so, else the folder's own file, generated once.
 *
 * @throws UserError when the folder holds data but its key is gone: a new key could open nothing.
 */
export function rootKeyEnvironment(layout: Layout, env: NodeJS.ProcessEnv): Record<string, string> {
  for (const name of ['COFFER_ROOT_KEY', 'COFFER_ROOT_KEY_FILE']) {
    const value = env[name];
    if (value) return { [name]: value };
  }
  if (!existsSync(layout.rootKey)) {
    if (existsSync(layout.postgres)) {
      throw new UserError(
        `The root key ${layout.rootKey} is gone; put it back from a backup: without it nothing in ${layout.root} can be opened.`,
      );
    }
    mkdirSync(dirname(layout.rootKey), { recursive: true, mode: PRIVATE_FOLDER });
    writeFileDurably(layout.rootKey, `${randomBytes(KEY_BYTES).toString('hex')}\n`);
  }
  return { COFFER_ROOT_KEY_FILE: layout.rootKey };
}
