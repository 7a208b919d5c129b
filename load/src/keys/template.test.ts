import { describe, expect, it } from 'vitest';
import { rowFor, templateOf } from './template.ts';

const columns = ['bucket_id', 'key', 'internal_version_id', 'etag', 'body'];
const row = String.raw`b	old	id	"a\\b"	\\x00` + '\n';

describe('templateOf', () => {
  it('makes rows that differ in key and id alone', () => {
    const template = templateOf(columns, row);
    const fields = rowFor(template, 'new').trimEnd().split('\t');
    expect(fields).toEqual([
      'b',
      'new',
      expect.stringMatching(/^[\da-f-]{36}$/),
      String.raw`"a\\b"`,
      String.raw`\\x00`,
    ]);
    expect(rowFor(template, 'new')).not.toBe(rowFor(template, 'new'));
  });

  it('refuses what cannot be a template', () => {
    expect(() => templateOf(columns, '')).toThrow(/not one row/);
    expect(() => templateOf(columns, row + row)).toThrow(/not one row/);
    expect(() => templateOf(columns.slice(1), row)).toThrow(/not one row/);
    expect(() => templateOf(columns, 'b\told\tid\te\t\\N\n')).toThrow(/smaller size/);
  });
});
