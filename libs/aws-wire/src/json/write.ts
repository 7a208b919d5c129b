import type { NormalizedSchema } from '@smithy/core/schema';
import { CompileMemo, membersOf } from '../schema.ts';
import { scalarKind, scalarWriter, timestampFormat, toDate } from '../scalar.ts';

/** Turns the value of one shape into what JSON.stringify takes. */
export type JsonWriter = (value: unknown) => unknown;
type Memo = CompileMemo<JsonWriter>;

function compile(schema: NormalizedSchema, memo: Memo): JsonWriter {
  const kind = scalarKind(schema);
  if (kind === 'timestamp') {
    const format = timestampFormat(schema, 'epoch-seconds');
    if (format === 'epoch-seconds') return (value) => toDate(value).getTime() / 1000;
    return scalarWriter(kind, format, 'when-needed');
  }
  if (kind === 'blob') return scalarWriter(kind, 'epoch-seconds', 'when-needed');
  if (kind) return (value) => value;
  if (schema.isListSchema()) {
    const write = compile(schema.getValueSchema(), memo);
    return (value) => (value as unknown[]).map((item) => (item == null ? null : write(item)));
  }
  if (schema.isMapSchema()) {
    const write = compile(schema.getValueSchema(), memo);
    return (value) => {
      const entries = Object.entries(value as object).filter(([, item]) => item != null);
      return Object.fromEntries(entries.map(([key, item]) => [key, write(item)]));
    };
  }
  return memo.once(
    schema,
    () => compileJsonBodyWriterWith(membersOf(schema), memo),
    (later) => (value) => later()(value),
  );
}

function compileJsonBodyWriterWith(
  members: readonly { name: string; schema: NormalizedSchema }[],
  memo: Memo,
): JsonWriter {
  const fields = members.map(({ name, schema }) => ({ name, write: compile(schema, memo) }));
  return (value) => {
    const from = value as Record<string, unknown>;
    const json: Record<string, unknown> = {};
    for (const { name, write } of fields) if (from[name] != null) json[name] = write(from[name]);
    return json;
  };
}

/** Compiles the writer of a value of `schema`. */
export function compileJsonWriter(schema: NormalizedSchema): JsonWriter {
  return compile(schema, new CompileMemo());
}

/** Compiles the writer of a body that holds these members of a structure. */
export function compileJsonBodyWriter(members: readonly { name: string; schema: NormalizedSchema }[]): JsonWriter {
  return compileJsonBodyWriterWith(members, new CompileMemo());
}
