import { readFileSync } from 'node:fs';

function said({ passed, failed, reasons }) {
  const parts = [`${passed} passed`];
  if (failed > 0) parts.push(`${failed} FAILED`);
  if (reasons.length > 0) parts.push(`skipped: ${reasons.join('; ')}`);
  return parts.join(', ');
}

/** Prints what the reporter of cells wrote to these files: a line for each client and cell. */
export function printTable(files) {
  const cells = files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')));
  console.log('\n=== clients');
  const key = ({ client, stack, cell }) => `${client} ${stack} ${cell}`;
  for (const cell of cells.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))) {
    const name = [cell.client, cell.version].filter(Boolean).join(' ');
    console.log(`${name.padEnd(40)} ${`${cell.stack}-${cell.cell}`.padEnd(24)} ${said(cell)}`);
  }
}
