import { randomUUID } from 'node:crypto';

/** One row of the product's own, in the text format of COPY, in which every other field stays as it is. */
export interface Template {
  readonly columns: readonly string[];
  readonly fields: readonly string[];
}

const NULL = String.raw`\N`;

/**
 * Reads the row that COPY gave out.
 * @throws Error when it is not one row, or one that other rows cannot be made from
 */
export function templateOf(columns: readonly string[], copied: string): Template {
  const lines = copied.split('\n').filter((line) => line !== '');
  const fields = lines[0]?.split('\t') ?? [];
  if (lines.length !== 1 || fields.length !== columns.length)
    throw new Error('the template is not one row of this table');
  for (const name of ['key', 'internal_version_id', 'body']) {
    if (!columns.includes(name)) throw new Error(`the table of versions has no column ${name}`);
  }
  const body = fields[columns.indexOf('body')];
  // Two rows may not own one blob of the blob tier. A small body lies in the row itself.
  if (body === undefined || body === NULL) throw new Error('the template has no body in its row: take a smaller size');
  return { columns, fields };
}

/**
 * The template's row under another key, with an id of its own. Listed and answered to HEAD like any other; its body is
 * sealed for the template's own place and opens nowhere else. Keys are taken as they are: no tab, newline or backslash.
 */
export function rowFor(template: Template, key: string): string {
  const fields = template.fields.map((field, column) => {
    if (template.columns[column] === 'key') return key;
    return template.columns[column] === 'internal_version_id' ? randomUUID() : field;
  });
  return `${fields.join('\t')}\n`;
}
