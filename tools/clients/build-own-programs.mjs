import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { find } from '../programs.mjs';
import { command } from './command.mjs';
import { isBuilt, OWN_PROGRAMS, sourcesOf, stampOf } from './own-programs.mjs';
import { cache } from './places.mjs';

/** What each is built with; `cargo` and `mvn` are asked of the user, as Go and Python are. */
const TOOLS = { python: 'python3', go: 'go', java: 'mvn', rust: 'cargo' };

const BUILDS = {
  python({ folder }) {
    command('python3', ['-m', 'venv', 'dist/venv'], { cwd: folder });
    // Every version is named, so nothing has to be resolved: pip takes minutes to find what s3fs and boto3 agree on.
    const args = ['install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', 'requirements.txt'];
    command(join(folder, 'dist', 'venv', 'bin', 'pip'), args, { cwd: folder });
  },
  go({ folder }) {
    command('go', ['build', '-trimpath', '-o', 'dist/client', '.'], { cwd: folder });
  },
  java({ folder }) {
    command('mvn', ['-q', '-B', '-ntp', 'compiler:compile', 'dependency:copy-dependencies'], { cwd: folder });
  },
  rust({ folder }) {
    // One folder for all clones: the crates that the program depends on take minutes.
    const target = join(cache, 'rust');
    command('cargo', ['build', '--quiet', '--locked'], {
      cwd: folder,
      env: { ...process.env, CARGO_TARGET_DIR: target },
    });
    copyFileSync(join(target, 'debug', 'client'), join(folder, 'dist', 'client'));
  },
};

/** Builds one of the programs, unless that is done. Throws when what it is built with is absent. */
export function buildOwnProgram(name) {
  if (isBuilt(name)) return;
  if (find(TOOLS[name]) === undefined) throw new Error(`there is no ${TOOLS[name]} on the path`);
  const program = OWN_PROGRAMS[name];
  rmSync(join(program.folder, 'dist'), { recursive: true, force: true });
  mkdirSync(join(program.folder, 'dist'), { recursive: true });
  BUILDS[name](program);
  writeFileSync(stampOf(name), sourcesOf(name));
}
