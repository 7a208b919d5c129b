import { type Database, sql } from '@coffer/database';

const take = sql(
  'audit.leases.take',
  `INSERT INTO leases (name, holder, until) VALUES ($1, $2, clock_timestamp() + $3::float8 * interval '1 millisecond')
   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
   WHERE leases.until < clock_timestamp() OR leases.holder = excluded.holder`,
);
const release = sql('audit.leases.release', 'DELETE FROM leases WHERE name = $1 AND holder = $2');

/**
 * Lets one replica at a time do a piece of background work. It only saves work: the work itself must bear being done by
 * two at once, since a lease may run out under its holder.
 */
export class Lease {
  readonly #database: Database;
  readonly #name: string;
  readonly #holder: string;
  readonly #ms: number;

  /** @param ms how long the lease lasts once taken; taking it again prolongs it. */
  constructor(database: Database, name: string, holder: string, ms: number) {
    this.#database = database;
    this.#name = name;
    this.#holder = holder;
    this.#ms = ms;
  }

  /** True when this replica has the lease now. */
  async take(): Promise<boolean> {
    return (await this.#database.execute(take, [this.#name, this.#holder, this.#ms])) === 1;
  }

  async release(): Promise<void> {
    await this.#database.execute(release, [this.#name, this.#holder]);
  }
}
