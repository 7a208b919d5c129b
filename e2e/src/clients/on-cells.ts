import { requires } from '@coffer/testing';
import { describe, it } from 'vitest';
import { present } from '../harness/stack.ts';
import { assigned } from './cells.ts';
import type { Cell } from './cells.ts';
import { namesResolve } from './host-names.ts';

export interface Client {
  /** As the file: `aws-cli` of `aws-cli.client.ts`. */
  readonly name: string;
  /** The programs that it needs on the path. */
  readonly programs?: readonly string[];
  /** The version that runs here, and nothing else: `2.3.0`. */
  readonly version: () => string;
  /** Why this client cannot be used in a cell; undefined when it can. */
  readonly cannot?: (cell: Cell) => string | undefined;
}

function lacking(client: Client, cell: Cell): string | undefined {
  const reason = client.cannot?.(cell);
  if (reason !== undefined || cell.pathStyle || namesResolve) return reason;
  const unresolved = 'the names of buckets do not resolve, and this run has no hosts file of its own';
  if (process.env['CI'] === 'true') throw new Error(`${client.name} cannot run over ${cell.name}: ${unresolved}.`);
  return unresolved;
}

/**
 * The suite of a client, once for each cell that the run gives it. A cell in which it cannot be used is a skipped test
 * that gives the reason; in CI everything else that is absent fails.
 */
export function onCells(client: Client, suite: (cell: Cell) => void): void {
  const runs = present && requires(...(client.programs ?? []));
  const title = runs ? `${client.name} ${client.version()}` : client.name;
  for (const cell of assigned(client.name)) {
    const reason = runs ? lacking(client, cell) : undefined;
    describe.runIf(runs)(`${title} over ${cell.name}`, () => {
      if (reason === undefined) suite(cell);
      else it('cannot', (context) => context.skip(reason));
    });
  }
}
