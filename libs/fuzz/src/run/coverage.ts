import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface FileCoverage {
  /** Path from the workspace root. */
  readonly path: string;
  readonly lines: number;
  readonly linesRun: number;
  /** Lines with something that never ran, by number. */
  readonly missed: readonly number[];
}

/** Type stripping leaves every character in its place, so V8's offsets are those of the source file. */
export async function startCoverage(): Promise<Session> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  return session;
}

/** The sources below the given paths: files, or folders without their tests. */
function sources(root: string, paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!statSync(join(root, path)).isDirectory()) return [path];
    return readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) => {
      const inner = `${path}/${entry.name}`;
      if (entry.isDirectory()) return entry.name === 'testkit' ? [] : sources(root, [inner]);
      return entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') ? [inner] : [];
    });
  });
}

/** Which characters ran. The ranges of a function come before those inside it, and the inner ones have the last word. */
function ran(length: number, functions: readonly Profiler.FunctionCoverage[]): Uint8Array {
  const marks = new Uint8Array(length);
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) marks.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  }
  return marks;
}

/** A line that does something, once types are gone: not blank, no comment, no lone bracket, no import. */
const DOES_SOMETHING = /^\s*(?!\/\/|\/?\*|import\b|export [*{])(?=.*\w)/;

function ofFile(path: string, text: string, functions: readonly Profiler.FunctionCoverage[] | undefined): FileCoverage {
  const marks = functions && ran(text.length, functions);
  const missed: number[] = [];
  let lines = 0;
  let offset = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const start = offset + (line.length - line.trimStart().length);
    const end = offset + line.trimEnd().length;
    offset += line.length + 1;
    if (!DOES_SOMETHING.test(line)) continue;
    lines += 1;
    if (!marks || marks.subarray(start, end).includes(0)) missed.push(index + 1);
  }
  return { path, lines, linesRun: lines - missed.length, missed };
}

/** What of the parsers has run since the start; a file that was never loaded counts with all its lines. */
export async function takeCoverage(session: Session, root: string, paths: readonly string[]): Promise<FileCoverage[]> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  const byFile = new Map(
    result
      .filter(({ url }) => url.startsWith('file:'))
      .map(({ url, functions }) => [fileURLToPath(url), functions] as const),
  );
  return sources(root, paths)
    .sort()
    .map((path) => {
      const file = join(root, path);
      return ofFile(path, stripTypeScriptTypes(readFileSync(file, 'utf8')), byFile.get(file));
    })
    .filter(({ lines }) => lines > 0);
}
