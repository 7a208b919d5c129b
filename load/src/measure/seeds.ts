import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Seeds } from './rounds.ts';

/** Seeds that are remembered in a file, beside the data they are in. */
export function seedsIn(file: string): Seeds {
  const known = new Set<string>(existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as string[]) : []);
  const nameOf = (subject: string, name: string): string => `${subject}: ${name}`;
  return {
    has: (subject, name) => known.has(nameOf(subject, name)),
    add(subject, name) {
      known.add(nameOf(subject, name));
      writeFileSync(file, JSON.stringify([...known], undefined, 2));
    },
  };
}
