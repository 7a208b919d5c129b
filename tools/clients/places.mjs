// Where clients for tests are installed: in one folder of the user's cache, and nowhere in the system but for packages
// of Debian.
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The folder; `COFFER_CLIENTS_CACHE` of the run of tests. */
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'coffer-clients');

/** Programs that were built. */
export const programsFolder = join(cache, 'bin');

/** The folder of a Python environment. */
export const pythonFolder = (name) => join(cache, `python-${name}`);

/** The Python environments whose programs are on the path of the run of tests. */
const ON_PATH = ['aws'];

/** What a run of tests needs in its environment to find the clients. */
export function clientsPath() {
  const folders = [programsFolder, ...ON_PATH.map((name) => join(pythonFolder(name), 'bin'))];
  return {
    PATH: [...folders, process.env.PATH, join(homedir(), 'go', 'bin')].filter(Boolean).join(delimiter),
    COFFER_CLIENTS_CACHE: cache,
  };
}
