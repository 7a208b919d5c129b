import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lastWords } from './last-words.ts';

const folder = mkdtempSync(join(tmpdir(), 'coffer-last-words-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function log(text: string): string {
  const file = join(folder, 'service.log');
  writeFileSync(file, text);
  return file;
}

describe('lastWords', () => {
  it('is the last entry of a log as a person reads it', () => {
    const entries = [
      { level: 'info', service: 'kms', msg: 'started' },
      { level: 'fatal', service: 'kms', msg: 'cannot start', err: { message: 'the schema is newer' } },
    ];
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    expect(lastWords(log(text))).toBe('coffer: fatal: kms: cannot start: the schema is newer');
  });

  it('is the last message for people, with the lines that belong to it', () => {
    const message = 'The configuration is not usable:\n  COFFER_A: is required\n  COFFER_B: is not valid\n';
    expect(lastWords(log(`{"level":"info"}\n${message}${message}`))).toBe(
      'The configuration is not usable: COFFER_A: is required; COFFER_B: is not valid',
    );
  });

  it('is nothing where nothing was said', () => {
    expect(lastWords(log(''))).toBeUndefined();
    expect(lastWords(join(folder, 'none.log'))).toBeUndefined();
  });
});
