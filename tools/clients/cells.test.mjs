import { describe, expect, it } from 'vitest';
import { CELLS, turns } from './cells.mjs';

const clients = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
const cellOf = (turn, client) => new Map(turns(clients, { turn })).get(client)[0];

describe('the cells of clients', () => {
  it('are eight', () => {
    expect(new Set(CELLS).size).toBe(8);
    expect(CELLS).toContain('native-https-virtual');
  });

  it('are all covered in one turn, each client in one', () => {
    for (const turn of [0, 5, 0xffff_ffff]) {
      const taken = turns(clients, { turn });
      expect(taken.map(([name, cells]) => [name, cells.length])).toEqual(clients.map((name) => [name, 1]));
      expect(new Set(taken.flatMap(([, cells]) => cells)).size).toBe(8);
    }
  });

  it('are all covered by each client in eight turns', () => {
    for (const client of clients) {
      const seen = [20, 21, 22, 23, 24, 25, 26, 27].map((turn) => cellOf(turn, client));
      expect(new Set(seen).size).toBe(8);
    }
  });

  it('stay the same for a client when only some clients are asked for', () => {
    expect(turns(clients, { turn: 3, clients: ['e'] })).toEqual([['e', [cellOf(3, 'e')]]]);
  });

  it('can be all, or those of one stack, or one that is named', () => {
    expect(turns(clients, { everywhere: true }).every(([, cells]) => cells.length === 8)).toBe(true);
    const native = turns(clients, { everywhere: true, stack: ['native'], clients: ['b'] });
    expect(native).toEqual([['b', CELLS.filter((name) => name.startsWith('native-'))]]);
    expect(turns(clients, { cell: ['native-http-path'], clients: ['c'] })).toEqual([['c', ['native-http-path']]]);
    expect(() => turns(clients, { cell: ['http-path'] })).toThrow(/no such cell: http-path/);
  });
});
