// The matrix of clients: which client runs in which cells.
import { spawnSync } from 'node:child_process';
import { root } from '../environment.mjs';

/** In this order, so that neighbours differ in the stack first. */
export const CELLS = ['path', 'virtual'].flatMap((style) =>
  ['http', 'https'].flatMap((scheme) => ['embedded', 'native'].map((stack) => `${stack}-${scheme}-${style}`)),
);

/** The turn of this commit: anyone who has it gets the same. Without git, the number of the day. */
export function turnNow() {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' });
  if (status === 0) return Number.parseInt(stdout.slice(0, 8), 16);
  return Math.floor(Date.now() / 86_400_000);
}

/**
 * Pairs of a client and its cells; clients without any are left out. `all` are the names of all clients in order:
 * eight that follow one another are in the eight cells, and eight turns that follow one another bring each client
 * through all of them. Without `clients` all run; `stack` and `cell` leave only those.
 */
export function turns(all, { everywhere = false, turn = 0, stack, cell, clients = [] }) {
  const unknown = (cell ?? []).filter((name) => !CELLS.includes(name));
  if (unknown.length > 0) throw new Error(`no such cell: ${unknown.join(', ')}; there are: ${CELLS.join(', ')}`);
  const wanted = (name) =>
    (cell === undefined || cell.includes(name)) &&
    (stack === undefined || stack.some((one) => name.startsWith(`${one}-`)));
  const own = (client) =>
    everywhere || cell !== undefined ? CELLS : [CELLS[(all.indexOf(client) + turn) % CELLS.length]];
  return all
    .filter((client) => clients.length === 0 || clients.includes(client))
    .map((client) => [client, own(client).filter(wanted)])
    .filter(([, cells]) => cells.length > 0);
}
