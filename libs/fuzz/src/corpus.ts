import { readdirSync, readFileSync } from 'node:fs';

export interface CorpusEntry {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The files of a corpus, sorted by name, so that a seed means the same everywhere. */
export function readCorpus(folder: URL): readonly CorpusEntry[] {
  const names = readdirSync(folder).sort();
  if (names.length === 0) throw new Error(`${folder.href} holds no corpus`);
  return names.map((name) => ({ name, bytes: readFileSync(new URL(encodeURIComponent(name), folder)) }));
}
