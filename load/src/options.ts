import { parseArgs } from 'node:util';
import { subjectNames, type SubjectName } from './subjects/fleet.ts';

export interface BenchOptions {
  readonly only: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  /** Keys of the listing as a whole, and of the large bucket. */
  readonly listed: number;
  readonly many: number;
  readonly subjects: readonly SubjectName[];
  /** A folder that stays and is taken up again; a new one, removed at the end, when absent. */
  readonly folder: string | undefined;
  readonly json: string | undefined;
}

export const HELP = `npm run bench -- [options]

Puts the same loads on a bare MinIO (synced, encrypting), on Coffer in one process (embedded) and on Coffer's native
stack, in turns, and prints medians and the ratios within this run. Needs: npm run build, Go, minio, nats-server.

  --only A,B         workloads, groups and sections (below) instead of all
  --rounds N         how often each is measured (5)
  --seconds S        how long each time, where it is not a count (3)
  --quick            3 rounds of 1 second, 10,000 keys instead of 100,000, 100,000 instead of a million
  --subjects A,B     ${subjectNames.slice(0, 7).join(', ')}
                     (minio,embedded,native)
  --folder FOLDER    keep data here and take it up again; not in memory
  --json FILE        write every figure of every round there
  --help

Groups: 4k, 1m, 64m, listing. Workloads: put, get, head, delete, each with -4k and -1m; put-64m, get-64m; mixed;
list, list-delimiter, list-delimiter-5, list-delimiter-250, list-delimiter-dash.
Sections, each with a comparison of its own: keys (a thousand beside a million), replicas (one gateway and
object-storage beside two), records (with and without), overload (three times what is carried), client (against a server that does nothing).`;

function within(text: string, name: string, lowest: number, highest: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= lowest && value <= highest) return value;
  throw new RangeError(`--${name}: from ${lowest} to ${highest}, not ${text}`);
}

const list = (text: string | undefined): string[] => (text ?? '').split(',').filter((each) => each !== '');

/**
 * @returns undefined when help was asked for
 * @throws Error that names what cannot be understood
 */
export function parseOptions(args: readonly string[], known: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      subjects: { type: 'string', default: 'minio,embedded,native' },
      folder: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const only = list(values.only);
  const unknown = only.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`--only: there is no ${unknown.join(', ')}; there are ${known.join(', ')}`);
  const subjects = subjectNames.filter((name) => list(values.subjects).includes(name));
  if (subjects.length === 0 || subjects.length !== list(values.subjects).length) {
    throw new Error(`--subjects: of ${subjectNames.join(', ')}, not ${values.subjects}`);
  }
  return {
    only,
    rounds: Math.round(within(values.rounds ?? (values.quick ? '3' : '5'), 'rounds', 1, 100)),
    seconds: within(values.seconds ?? (values.quick ? '1' : '3'), 'seconds', 0.1, 600),
    listed: values.quick ? 10_000 : 100_000,
    many: values.quick ? 100_000 : 1_000_000,
    subjects,
    folder: values.folder,
    json: values.json,
  };
}
