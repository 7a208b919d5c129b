import type { PoolClient, QueryResult } from 'pg';
import { isUnavailable, mapError, sqlState } from './errors.ts';
import type { Sql, Statement } from './sql.ts';

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

export interface TransactionOptions {
  /** Default: read committed. */
  isolation?: Isolation;
  /** The server refuses every change; the first statement travels with the BEGIN. Default false. */
  readOnly?: boolean;
  /** How often to begin again after a serialization failure or a deadlock. Default 3. The work must bear repetition. */
  retry?: number;
}

const BEGIN: Readonly<Record<Isolation, string>> = {
  'read committed': 'BEGIN ISOLATION LEVEL READ COMMITTED',
  'repeatable read': 'BEGIN ISOLATION LEVEL REPEATABLE READ',
  serializable: 'BEGIN ISOLATION LEVEL SERIALIZABLE',
};

/** serialization_failure and deadlock_detected: nothing took effect, and another attempt may pass. */
export function isRetryable(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01';
}

/** Statements over one connection, until `end` is called. Statements that are not awaited one by one travel together. */
class TransactionSql implements Sql {
  readonly #client: PoolClient;
  readonly #underWay = new Set<Promise<unknown>>();
  #ended = false;

  constructor(client: PoolClient) {
    this.#client = client;
  }

  async query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#run(statement, values)).rows as Row[];
  }

  async execute(statement: Statement, values: readonly unknown[] = []): Promise<number> {
    return (await this.#run(statement, values)).rowCount ?? 0;
  }

  /** Refuses all further statements and waits for those under way, so that none runs outside the transaction. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.allSettled(this.#underWay);
  }

  async #run(statement: Statement, values: readonly unknown[]): Promise<QueryResult> {
    if (this.#ended) throw new Error(`The transaction of '${statement.name}' has ended.`);
    const running = this.#client.query({ name: statement.name, text: statement.text, values: [...values] });
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }
}

/** One attempt: begins, works, commits; anything thrown rolls back. `state.clean` tells that the transaction is over. */
async function attempt<T>(
  client: PoolClient,
  begin: string,
  readOnly: boolean,
  work: (tx: Sql) => Promise<T>,
  state: { clean: boolean },
): Promise<T> {
  const begun = client.query(begin);
  // Were it sent together with the first statement and cancelled, that statement would commit alone.
  if (readOnly) begun.catch(() => undefined);
  else await begun;
  const tx = new TransactionSql(client);
  let result: T;
  try {
    result = await work(tx);
    await tx.end();
  } catch (error) {
    await tx.end();
    // Where even this fails the connection is closed, and the server rolls back by itself.
    await client.query('ROLLBACK').then(
      () => (state.clean = true),
      () => undefined,
    );
    throw error;
  }
  let done: QueryResult;
  try {
    done = await client.query('COMMIT');
    state.clean = true;
  } catch (error) {
    state.clean = !isUnavailable(error);
    throw mapError(error, true);
  }
  // The server answers ROLLBACK to COMMIT when a statement had failed, even if the work caught that error.
  if (done.command !== 'COMMIT') throw new Error('The transaction was rolled back: one of its statements had failed.');
  return result;
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Runs the work in a transaction on a connection of the pool. */
export async function runTransaction<T>(
  connect: () => Promise<PoolClient>,
  work: (tx: Sql) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const readOnly = options.readOnly ?? false;
  const begin = `${BEGIN[options.isolation ?? 'read committed']}${readOnly ? ' READ ONLY' : ''}`;
  const retries = options.retry ?? 3;
  for (let failed = 0; ; failed += 1) {
    const client = await connect();
    const state = { clean: false };
    try {
      return await attempt(client, begin, readOnly, work, state);
    } catch (error) {
      if (failed >= retries || !isRetryable(error)) throw mapError(error, false);
    } finally {
      // A connection whose transaction did not end for certain is given to nobody else.
      client.release(!state.clean);
    }
    // Apart from each other, so that those who met do not meet again.
    await pause(Math.random() * 10 * 2 ** failed);
  }
}
