// The programs in e2e/clients that use the SDK of another language: what each is built from, and what runs it.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../environment.mjs';

const folderOf = (name) => join(root, 'e2e', 'clients', name);

/** By name: the folder, and the files of `dist` that must be there. */
export const OWN_PROGRAMS = Object.fromEntries(
  Object.entries({ python: 'venv/bin/python', go: 'client', java: 'classes/Main.class', rust: 'client' }).map(
    ([name, made]) => [name, { folder: folderOf(name), made: join(folderOf(name), 'dist', made) }],
  ),
);

/** Of Python only the list of packages is installed; its sources run as they are. */
const isSource = (name, path) => (name === 'python' ? path === 'requirements.txt' : !path.startsWith('dist'));

/** What `dist/built-from` says after a build of exactly these sources. */
export function sourcesOf(name) {
  const { folder } = OWN_PROGRAMS[name];
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  for (const path of files.filter((file) => isSource(name, file)).sort()) {
    hash.update(`${path}\n`).update(readFileSync(join(folder, path)));
  }
  return hash.digest('hex');
}

export const stampOf = (name) => join(OWN_PROGRAMS[name].folder, 'dist', 'built-from');

/** Whether the program is there, built from the sources as they are now. */
export function isBuilt(name) {
  const stamp = stampOf(name);
  return existsSync(OWN_PROGRAMS[name].made) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sourcesOf(name);
}
