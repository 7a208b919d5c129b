import { find } from '../programs.mjs';
import { command } from './command.mjs';
import { programsFolder } from './places.mjs';

/** Programs in Go that no package has: name, and what to install. */
const PROGRAMS = { mc: 'github.com/minio/mc@latest' };

/** Programs in Go that are absent, built into the cache. */
export function goPrograms() {
  for (const [name, module] of Object.entries(PROGRAMS)) {
    if (find(name) !== undefined) continue;
    command('go', ['install', module], { env: { ...process.env, GOBIN: programsFolder } });
  }
}
