import type { NormalizedSchema } from '@smithy/core/schema';
import { limits } from '../limits.ts';
import { CompileMemo, membersOf } from '../schema.ts';
import { ScalarError, readBlob, readTimestamp, scalarKind } from '../scalar.ts';

/** The body is not JSON, or not of the shape that the schema describes. */
export class JsonShapeError extends Error {}

/** Turns parsed JSON into the value of one shape. Throws JsonShapeError. */
export type JsonReader = (json: unknown, path: string) => unknown;
type Memo = CompileMemo<JsonReader>;

const wrong = (path: string, expected: string): JsonShapeError => new JsonShapeError(`${path} must be ${expected}`);

function textual(path: string, expected: string, read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof ScalarError) throw wrong(path, expected);
    throw error;
  }
}

function compileScalar(schema: NormalizedSchema): JsonReader | undefined {
  switch (scalarKind(schema)) {
    case 'string':
      return (json, path) => {
        if (typeof json !== 'string') throw wrong(path, 'a string');
        return json;
      };
    case 'boolean':
      return (json, path) => {
        if (typeof json !== 'boolean') throw wrong(path, 'a boolean');
        return json;
      };
    case 'number':
      return (json, path) => {
        if (typeof json !== 'number') throw wrong(path, 'a number');
        return json;
      };
    case 'timestamp':
      return (json, path) => {
        if (typeof json !== 'number' && typeof json !== 'string') throw wrong(path, 'a timestamp');
        return textual(path, 'a timestamp', () => (typeof json === 'number' ? dateOf(json) : readTimestamp(json)));
      };
    case 'blob':
      return (json, path) => {
        if (typeof json !== 'string') throw wrong(path, 'base64 text');
        return textual(path, 'base64 text', () => readBlob(json));
      };
    default:
      return undefined;
  }
}

function dateOf(seconds: number): Date {
  const date = new Date(Math.round(seconds * 1000));
  if (Number.isNaN(date.getTime())) throw new ScalarError('not a date');
  return date;
}

function compile(schema: NormalizedSchema, memo: Memo): JsonReader {
  const scalar = compileScalar(schema);
  if (scalar) return scalar;
  if (schema.isListSchema()) {
    const read = compile(schema.getValueSchema(), memo);
    return (json, path) => {
      if (!Array.isArray(json)) throw wrong(path, 'a list');
      return json.filter((item) => item != null).map((item, i) => read(item, `${path}[${i}]`));
    };
  }
  if (schema.isMapSchema()) {
    const read = compile(schema.getValueSchema(), memo);
    return (json, path) => {
      const map = Object.create(null) as Record<string, unknown>;
      for (const [key, value] of Object.entries(record(json, path))) {
        if (value != null) map[key] = read(value, `${path}.${key}`);
      }
      return map;
    };
  }
  return memo.once(
    schema,
    () => compileStruct(schema, memo),
    (later) => (json, path) => later()(json, path),
  );
}

function record(json: unknown, path: string): Record<string, unknown> {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) throw wrong(path, 'a structure');
  return json as Record<string, unknown>;
}

function compileStruct(schema: NormalizedSchema, memo: Memo): JsonReader {
  const fields = compileJsonFields(membersOf(schema), memo);
  return (json, path) => fields(record(json, path), {}, path);
}

/** Reads some members of a structure; unknown ones are ignored, null means absent. */
function compileJsonFields(members: readonly { name: string; schema: NormalizedSchema }[], memo: Memo) {
  const fields = members.map(({ name, schema }) => ({ name, read: compile(schema, memo) }));
  return (json: Record<string, unknown>, into: Record<string, unknown>, path: string): Record<string, unknown> => {
    for (const { name, read } of fields) {
      const value = Object.hasOwn(json, name) ? json[name] : undefined;
      if (value != null) into[name] = read(value, path === '' ? name : `${path}.${name}`);
    }
    return into;
  };
}

/** Compiles the reader of a value of `schema`. */
export function compileJsonReader(schema: NormalizedSchema): JsonReader {
  return compile(schema, new CompileMemo());
}

/** Compiles the reader of a body that holds these members of a structure. */
export function compileJsonBodyReader(
  members: readonly { name: string; schema: NormalizedSchema }[],
): (json: unknown, into: Record<string, unknown>) => void {
  const read = compileJsonFields(members, new CompileMemo());
  return (json, into) => void read(record(json, 'the body'), into, '');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function checkDepth(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === 0x5c) i++;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > limits.jsonDepth) throw new JsonShapeError('the body is nested too deeply');
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
}

/** Parses a JSON body; an empty one is an empty structure. Throws JsonShapeError. */
export function parseJson(body: Buffer | undefined): unknown {
  if (!body || body.length === 0) return {};
  try {
    const text = utf8.decode(body);
    checkDepth(text);
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof JsonShapeError) throw error;
    throw new JsonShapeError('the body is not JSON');
  }
}
