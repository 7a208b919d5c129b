import { s3Error } from '@coffer/contracts';

/** How many may wait for the locks of one bucket with a connection in hand. */
const OF_ONE_PLACE = 2;
/** How long to stand in line for a seat; as long as a connection waits for a lock. */
const PATIENCE_MS = 10_000;

interface Standing {
  readonly place: string;
  readonly sit: () => void;
}

/**
 * Whoever waits for a lock keeps a database connection from everybody else. So there are few seats for it, fewer still for
 * one bucket; the others stand in line without a connection, in the order of coming.
 */
export class WaitingRoom {
  readonly #seats: number;
  readonly #taken = new Map<string, number>();
  #sitting = 0;
  #line: Standing[] = [];

  /** @param connections of the pool; at most half of them ever wait */
  constructor(connections: number) {
    this.#seats = Math.max(1, Math.floor(connections / 2));
  }

  /**
   * Waits for a seat. Returns the function that leaves it, which may be called more than once.
   * @throws Fault SlowDown when none became free in time
   */
  async enter(place: string): Promise<() => void> {
    if (this.#isFree(place)) this.#sit(place);
    else await this.#stand(place);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave(place);
    };
  }

  #isFree(place: string): boolean {
    return this.#sitting < this.#seats && (this.#taken.get(place) ?? 0) < OF_ONE_PLACE;
  }

  #sit(place: string): void {
    this.#sitting += 1;
    this.#taken.set(place, (this.#taken.get(place) ?? 0) + 1);
  }

  #stand(place: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#line = this.#line.filter((other) => other !== standing);
        reject(s3Error('SlowDown'));
      }, PATIENCE_MS);
      const standing: Standing = {
        place,
        sit: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      this.#line.push(standing);
    });
  }

  #leave(place: string): void {
    const left = (this.#taken.get(place) ?? 0) - 1;
    if (left > 0) this.#taken.set(place, left);
    else this.#taken.delete(place);
    this.#sitting -= 1;
    const next = this.#line.findIndex((standing) => this.#isFree(standing.place));
    const [standing] = next < 0 ? [] : this.#line.splice(next, 1);
    if (!standing) return;
    this.#sit(standing.place);
    standing.sit();
  }
}
