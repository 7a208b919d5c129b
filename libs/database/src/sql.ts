/** A statement that every connection prepares once, under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs statements: the pool (one connection per statement) and a transaction (always the same one) alike. */
export interface Sql {
  /**
   * Runs the statement and returns its rows. A parameter `bytea[]` is given by `byteaArray`. Columns come back as: int8 a number (an error when it is not safe as one),
   * numeric a string, timestamptz a Date, date a string, bytea a Buffer, json and jsonb parsed.
   */
  query<Row = Record<string, unknown>>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs the statement and returns how many rows it touched. */
  execute(statement: Statement, values?: readonly unknown[]): Promise<number>;
}

const registered = new Map<string, string>();

/** Postgres cuts longer names off, silently, so that two statements could meet under one name. */
const MAX_NAME_BYTES = 63;

/**
 * Names a statement. Write these at the top level of a module: `const findKey = sql('kms.findKey', 'SELECT …')`.
 * @throws Error when the name is empty or too long, or is already used for another text
 */
export function sql(name: string, text: string): Statement {
  if (name === '' || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new Error(`A statement's name has 1 to ${MAX_NAME_BYTES} bytes: '${name}'.`);
  }
  const known = registered.get(name);
  if (known !== undefined && known !== text) {
    throw new Error(`Two different statements are called '${name}'.`);
  }
  registered.set(name, text);
  return Object.freeze({ name, text });
}
