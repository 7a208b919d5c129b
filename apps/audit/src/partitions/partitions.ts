import { type Database, type Sql, sql, type Statement } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { dayOf } from '../records/request-id.ts';

registerFailpoints('audit.partitions.attached', 'audit.partitions.locked');

const DAY_MS = 86_400_000;
/** Partitions are made for today and this many days after it, before anybody needs them. */
const DAYS_AHEAD = 2;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

const lock = sql(
  'audit.partitions.lock',
  `SELECT pg_advisory_xact_lock(hashtextextended('coffer.audit.partitions', 0))`,
);
const exists = sql(
  'audit.partitions.exists',
  `SELECT FROM pg_inherits WHERE inhparent = 'records'::regclass AND inhrelid = to_regclass($1)`,
);

/** Makes the table's partitions, one per UTC day, and remembers which are there. */
export class Partitions {
  readonly #database: Database;
  readonly #known = new Set<string>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes sure that the days' partitions exist. Any number of processes may ask at once. */
  async ensure(days: Iterable<string>): Promise<void> {
    for (const day of new Set(days)) {
      if (!this.#known.has(day)) await this.#ensureDay(day);
    }
  }

  /** Today and the days after it; called at start and then every hour. */
  async ensureAhead(now: number): Promise<void> {
    const days = Array.from({ length: DAYS_AHEAD + 1 }, (_, ahead) => dayOf(now + ahead * DAY_MS));
    await this.ensure(days);
  }

  #ensureDay(day: string): Promise<void> {
    let running = this.#underWay.get(day);
    if (running === undefined) {
      running = this.#database
        .transaction((tx) => createPartition(tx, day))
        .then(() => void this.#known.add(day))
        .finally(() => this.#underWay.delete(day));
      this.#underWay.set(day, running);
    }
    return running;
  }
}

/**
 * Made beside the table and then attached, which, unlike CREATE TABLE … PARTITION OF, does not wait for the statements
 * that use the table, nor make others wait.
 */
async function createPartition(tx: Sql, day: string): Promise<void> {
  if (!DAY.test(day)) throw new Error('A partition is named by a day.');
  const name = `records_${day.replaceAll('-', '')}`;
  await tx.query(lock);
  if ((await tx.query(exists, [name])).length > 0) return;
  failpoint('audit.partitions.locked');
  const next = dayOf(Date.parse(`${day}T00:00:00Z`) + DAY_MS);
  await tx.execute(
    once(`CREATE TABLE ${name} (LIKE records INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING STORAGE)`),
  );
  await tx.execute(once(`ALTER TABLE records ATTACH PARTITION ${name} FOR VALUES FROM ('${day}') TO ('${next}')`));
  failpoint('audit.partitions.attached');
}

/** Statements of which each day has its own. An empty name is not kept prepared. */
function once(text: string): Statement {
  return { name: '', text };
}
