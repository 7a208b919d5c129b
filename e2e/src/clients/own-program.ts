import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { clientEnvironment } from '../harness/environment.ts';
import { workspace } from '../harness/paths.ts';
import { runProgram } from '../harness/run-program.ts';
import { present, stack } from '../harness/stack.ts';
import type { Cell } from './cells.ts';
import { clientFolder } from './client-program.ts';
import { clientBucket, manyKeys, resolvable } from './host-names.ts';
import { MANY, MANY_BUCKET } from './many-keys.ts';
import { onCells } from './on-cells.ts';

export interface OwnProgram {
  /** As the file: `go` of `go.client.ts`. */
  readonly name: string;
  /** The folder in `e2e/clients`. */
  readonly folder: string;
  /** What is run, and its arguments; files in the folder are named as `./file`. */
  readonly command: readonly [string, ...string[]];
  /** The file of the folder that pins the version, and how to find it there. */
  readonly version: readonly [file: string, pattern: RegExp];
  /** Further arguments before those of `command`, where only they tell the client whom to trust. */
  readonly trust?: (caBundle: string, scratch: string) => readonly string[];
}

interface Line {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly detail: string;
}

const home = (program: OwnProgram) => join(workspace, 'e2e', 'clients', program.folder);

/** The work of a program takes seconds, and minutes where others use the machine too. */
const WITHIN_MS = 480_000;

/**
 * Whether `node tools/install-clients.mjs` built it from the sources as they are now, which `tools/clients.mjs` finds out.
 * In CI one that is not built fails.
 */
function built(program: OwnProgram): boolean {
  if (process.env['COFFER_CLIENTS_BUILT']?.split(',').includes(program.folder)) return true;
  const reason = `${program.name}: node tools/install-clients.mjs has not built it from these sources`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  console.warn(`skipped: ${reason}`);
  return false;
}

function pinned(program: OwnProgram): string {
  const [file, pattern] = program.version;
  const found = pattern.exec(readFileSync(join(home(program), file), 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${file} pins no version of ${program.name}`);
  return found;
}

function environment(cell: Cell, folder: string, bucket: string): NodeJS.ProcessEnv {
  const { accessKeyId, secretAccessKey, region, caBundle, scratch } = stack();
  return {
    ...clientEnvironment(scratch),
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
    CELL_ENDPOINT: cell.endpoint,
    CELL_ADDRESSING: cell.style,
    CELL_BUCKET: bucket,
    CELL_MANY_BUCKET: MANY_BUCKET,
    CELL_MANY: String(MANY),
    ...(cell.secure && { CELL_CA: caBundle }),
  };
}

/**
 * The suite of a program in `e2e/clients`: it runs once in each cell, with the cell in its environment, and prints a line
 * of JSON for each of its checks, which is a test here. Before, it is asked which checks there are, so that one that says
 * nothing fails.
 */
export function onCellsByProgram(program: OwnProgram): void {
  if (!present || !built(program)) return;
  const [file, ...args] = program.command;
  onCells({ name: program.name, version: () => pinned(program) }, (cell) => {
    const none = environment(cell, stack().scratch, 'none');
    const listed = execFileSync(file, [...args, '--list'], { cwd: home(program), env: none, stdio: 'pipe' }).toString();
    const names = JSON.parse(listed) as string[];
    const lines = new Map<string, Line>();
    let ended: { code: number; said: string };

    beforeAll(async () => {
      const folder = await clientFolder(program.name);
      const own = await clientBucket();
      for (const suffix of ['made', 'absent']) resolvable(`${own}-${suffix}`);
      const trust = cell.secure ? (program.trust?.(stack().caBundle!, folder) ?? []) : [];
      manyKeys();
      const env = environment(cell, folder, own);
      const { code, stdout, stderr } = await runProgram(file, [...trust, ...args], { env, cwd: home(program) });
      for (const text of stdout.trim().split('\n').filter(Boolean)) {
        const line = JSON.parse(text) as Line;
        lines.set(line.name, line);
      }
      ended = { code, said: stderr.slice(-2_000) };
    }, WITHIN_MS);

    it.each(names)('%s', (name) => {
      const line = lines.get(name);
      expect(line?.ok, line?.detail ?? `it said nothing of it: ${ended.said}`).toBe(true);
    });

    it('has no further check, and ends well when all of them pass', () => {
      expect(names.length).toBeGreaterThan(5);
      expect([...lines.keys()]).toEqual(names);
      const passed = [...lines.values()].every(({ ok }) => ok);
      expect(ended.code, ended.said).toBe(passed ? 0 : 1);
    });
  });
}
