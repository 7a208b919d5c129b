import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.mjs';
import { cache, pythonFolder } from './places.mjs';

/** Environments of Python by name, and what is in each. Apart where one client would hold another's library back. */
const ENVIRONMENTS = {
  aws: ['awscli>=1.44,<2'],
};

/** The environments that are absent or were made for another list. */
export function python() {
  mkdirSync(cache, { recursive: true });
  for (const [name, packages] of Object.entries(ENVIRONMENTS)) {
    const folder = pythonFolder(name);
    const stamp = join(folder, 'packages.txt');
    const wanted = `${packages.join('\n')}\n`;
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) continue;
    rmSync(folder, { recursive: true, force: true });
    command('python3', ['-m', 'venv', folder]);
    command(join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...packages]);
    writeFileSync(stamp, wanted);
  }
}
