import { DatabaseError } from 'pg';

/** Postgres cannot be reached, or ended the connection. The same call may succeed later. */
export class DatabaseUnavailable extends Error {
  /**
   * True when the connection was lost while a statement that may have changed something was under way: nobody knows
   * whether it took effect. Only repeat such work when doing it twice does no harm.
   */
  readonly outcomeUnknown: boolean;

  constructor(message: string, options: { cause?: unknown; outcomeUnknown?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.name = 'DatabaseUnavailable';
    this.outcomeUnknown = options.outcomeUnknown ?? false;
  }
}

/** The schema was written by a newer version of the service in a way that this version does not understand. */
export class SchemaTooNewError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SchemaTooNewError';
  }
}

/** What was applied to the schema is not what this program carries: another text, a gap, an unknown number. */
export class MigrationMismatchError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MigrationMismatchError';
  }
}

/** The server would acknowledge writes that a loss of power can undo. */
export class NotDurableError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotDurableError';
  }
}

/** A request id is in the outbox already: its work was done before; read the reply that it left. */
export class DuplicateRequestError extends Error {
  constructor(cause: unknown) {
    super('This request was carried out before.', { cause });
    this.name = 'DuplicateRequestError';
  }
}

/** SQLSTATE of an error that the server raised, else undefined. https://www.postgresql.org/docs/18/errcodes-appendix.html */
export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

/** The name of the constraint that a statement ran against, else undefined. */
export function violatedConstraint(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.constraint : undefined;
}

/** States in which the server is going away, coming up, full, or not the primary (any more). */
const UNAVAILABLE_STATES = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '53300', // too_many_connections
  '25006', // read_only_sql_transaction: a standby after a failover
]);

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // the Unix socket is not there
]);

/** What `pg` says, in plain Errors without a code, when a connection ends or cannot be had. */
const LOST_CONNECTION =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed)/;

/** Whether the error means that the server, or the way to it, is gone for the moment. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  const state = sqlState(error);
  if (state !== undefined) return UNAVAILABLE_STATES.has(state) || state.startsWith('08');
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isUnavailable);
  if (!(error instanceof Error)) return false;
  const code = (error as NodeJS.ErrnoException).code;
  return (code !== undefined && NETWORK_CODES.has(code)) || LOST_CONNECTION.test(error.message);
}

/** The error to throw in place of one that `pg` threw. */
export function mapError(error: unknown, outcomeUnknown: boolean): unknown {
  if (error instanceof DatabaseUnavailable || !isUnavailable(error)) return error;
  const state = sqlState(error);
  const why = state ?? (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  // The server refused before it ran anything when it answered with one of these two.
  const surelyNothing = state === '57P03' || state === '53300' || state === '25006';
  return new DatabaseUnavailable(`The database cannot be reached (${why}).`, {
    cause: error,
    outcomeUnknown: outcomeUnknown && !surelyNothing,
  });
}
