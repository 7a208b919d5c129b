import type { PoolClient, QueryResult } from 'pg';
import { Pool, escapeIdentifier } from 'pg';
import { mapError } from './errors.ts';
import type { Sql, Statement } from './sql.ts';
import { sql } from './sql.ts';
import type { TransactionOptions } from './transaction.ts';
import { runTransaction } from './transaction.ts';
import { typeParsers } from './types.ts';

export interface DatabaseOptions {
  /** `postgres://role:password@host:port/database`. */
  url: string;
  /** Shown in `pg_stat_activity`, for example `coffer-kms`. */
  applicationName: string;
  /** Connections at most. Default 10. */
  max?: number;
  /** Overrides the search_path that `provision` gave the role. */
  schema?: string;
  /** Milliseconds after which the server gives a statement up. Default 30,000. */
  statementTimeoutMs?: number;
  /** Milliseconds after which the server gives up waiting for a lock. Default 10,000. */
  lockTimeoutMs?: number;
  /** Milliseconds to wait for a connection. Default 5,000. */
  connectTimeoutMs?: number;
  /** Hears of connections that break while nobody uses them; the pool opens others by itself. */
  onError?: (error: Error) => void;
}

export interface Database extends Sql {
  /**
   * Runs the work in one transaction: commits when it returns, rolls back when it throws. Begins again by itself after a
   * serialization failure or a deadlock, so the work must have no effects outside the transaction.
   * @throws DatabaseUnavailable with `outcomeUnknown` when the connection was lost during the commit
   */
  transaction<T>(work: (tx: Sql) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** One round trip to the server. @throws DatabaseUnavailable */
  check(): Promise<void>;
  /** Waits for what is under way and closes every connection. */
  close(): Promise<void>;
  /** The URL without its password. */
  readonly url: string;
}

const check = sql('database.check', 'SELECT 1');

const pools = new WeakMap<Database, Pool>();

/** A connection of the database's pool, for what named statements cannot do: scripts of many statements. */
export async function connection(database: Database): Promise<PoolClient> {
  const pool = pools.get(database);
  if (!pool) throw new Error('This database was not opened by openDatabase().');
  try {
    return await pool.connect();
  } catch (error) {
    throw mapError(error, false);
  }
}

/** `search_path` as a startup option: written before any statement runs, in the quoting that the server reads. */
function searchPathOption(schema: string): string {
  const quoted = escapeIdentifier(schema).replaceAll(/([\\ ])/g, String.raw`\$1`);
  return `-c search_path=${quoted}`;
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  parsed.password = '';
  return parsed.href;
}

class PooledDatabase implements Database {
  readonly url: string;
  readonly #pool: Pool;
  readonly #connect: () => Promise<PoolClient>;
  #closed: Promise<void> | undefined;

  constructor(pool: Pool, url: string) {
    this.#pool = pool;
    this.url = withoutPassword(url);
    this.#connect = () => connection(this);
    pools.set(this, pool);
  }

  async query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#run(statement, values)).rows as Row[];
  }

  async execute(statement: Statement, values: readonly unknown[] = []): Promise<number> {
    return (await this.#run(statement, values)).rowCount ?? 0;
  }

  transaction<T>(work: (tx: Sql) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return runTransaction(this.#connect, work, options);
  }

  async check(): Promise<void> {
    await this.#run(check, []);
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }

  async #run(statement: Statement, values: readonly unknown[]): Promise<QueryResult> {
    const client = await this.#connect();
    try {
      const result = await client.query({ name: statement.name, text: statement.text, values: [...values] });
      client.release();
      return result;
    } catch (error) {
      const mapped = mapError(error, true);
      client.release(mapped !== error);
      throw mapped;
    }
  }
}

/** Opens a pool. Connects only when the first statement comes, so this never fails for want of a server. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.max ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    lock_timeout: options.lockTimeoutMs ?? 10_000,
    // A transaction that its service forgot must not hold locks for ever.
    idle_in_transaction_session_timeout: 60_000,
    // Statements that are sent without waiting for each other travel together.
    pipeline: true,
    types: typeParsers,
    ...(options.schema === undefined ? {} : { options: searchPathOption(options.schema) }),
  });
  // A connection in use that breaks fails its statements; without a listener its event would end the process too.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', (error) => {
    // Closing does not wait for the server's good-bye; that a server stops meanwhile is no news.
    if (!pool.ending) options.onError?.(error);
  });
  return new PooledDatabase(pool, options.url);
}
