import type { SeededRandom } from '../seeded-random.ts';

const HOT = 5;
const EACH = 4;
/** Characters that have to be encoded on the wire, all of ASCII, so that JavaScript sorts keys as Coffer does. */
const SUFFIX = ' +%&';

/** How many epochs before the present one are still read. */
export const KEPT_EPOCHS = 4;

export function prefixOf(epoch: number): string {
  return `e${String(epoch).padStart(5, '0')}/`;
}

/** Keys with a common prefix, all of whose names are known before they are written. */
export interface Group {
  readonly prefix: string;
  readonly keys: readonly string[];
}

/**
 * The names that a load writes. A new set is taken with each round (an epoch): histories stay short enough to be searched,
 * and what earlier rounds wrote has to outlast the later ones.
 */
export class Keys {
  epoch = 0;
  constructor(private readonly clients: number) {}

  #group(name: string, size: number, epoch: number): Group {
    const prefix = `${prefixOf(epoch)}${name}-`;
    return { prefix, keys: Array.from({ length: size }, (_, n) => `${prefix}${n}${SUFFIX}`) };
  }

  /** The keys of all clients, those of one client, or those of another. */
  group(client: number, random: SeededRandom, epoch: number = this.epoch): Group {
    const whose = random.weighted([
      ['hot', 5],
      [`c${client}`, 4],
      [`c${random.int(0, this.clients - 1)}`, 1],
    ]);
    return this.#group(whose, whose === 'hot' ? HOT : EACH, epoch);
  }

  pick(client: number, random: SeededRandom): string {
    return random.pick(this.group(client, random).keys);
  }

  /** A key of the last few epochs. */
  pickOld(client: number, random: SeededRandom): string {
    return random.pick(this.group(client, random, random.int(Math.max(0, this.epoch - KEPT_EPOCHS), this.epoch)).keys);
  }

  /** Every name of one epoch. */
  all(epoch: number): string[] {
    const own = Array.from({ length: this.clients }, (_, client) => this.#group(`c${client}`, EACH, epoch).keys);
    return [...this.#group('hot', HOT, epoch).keys, ...own.flat()];
  }
}
