import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SHOWN = 40;
const TOLD = new Set(['warn', 'error', 'fatal']);

/** What the services of a stack warned of last, for whoever looks at a test that failed: their logs go with the stack. */
export function lastWords(dataFolder: string): string {
  const folder = join(dataFolder, 'logs');
  const lines = readdirSync(folder).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .flatMap((line) => {
        try {
          const { level, time, ...rest } = JSON.parse(line) as { level: string; time: string };
          return TOLD.has(level) ? [{ time: new Date(time).getTime(), text: `${file} ${JSON.stringify(rest)}` }] : [];
        } catch {
          return [];
        }
      }),
  );
  const last = lines.sort((one, other) => one.time - other.time).slice(-SHOWN);
  return last.map(({ time, text }) => `${new Date(time).toISOString()} ${text.slice(0, 900)}`).join('\n');
}
