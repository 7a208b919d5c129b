import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { humanLine } from '../embedded/logs.ts';

const READ_BYTES = 8_192;

/** The end of a file as text; empty when there is none. */
function tail(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, READ_BYTES));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(file);
  }
}

/**
 * What a program said last before it ended, in one line: its last log entry, or a message for people with the indented
 * lines that belong to it. Undefined when its log says nothing.
 */
export function lastWords(logFile: string): string | undefined {
  const lines = tail(logFile).trimEnd().split('\n');
  const from = lines.findLastIndex((line) => !line.startsWith(' '));
  const [first = '', ...more] = lines.slice(Math.max(from, 0)).map((line) => line.trim());
  try {
    return humanLine(first).trim();
  } catch {
    return [first, more.join('; ')].filter(Boolean).join(' ') || undefined;
  }
}
