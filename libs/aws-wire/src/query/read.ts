import type { NormalizedSchema } from '@smithy/core/schema';
import { CompileMemo, membersOf, type Traits } from '../schema.ts';
import { ScalarError, scalarKind, scalarReader } from '../scalar.ts';
import { FormError, type FormNode, numbered } from './form.ts';

/** Turns a node of the form into the value of one shape. Throws FormError. */
export type FormReader = (node: FormNode, path: string) => unknown;
type Memo = CompileMemo<FormReader>;

const traitsOf = (schema: NormalizedSchema): Traits => schema.getMergedTraits() as Traits;

function compile(schema: NormalizedSchema, memo: Memo): FormReader {
  const kind = scalarKind(schema);
  if (kind) {
    const read = scalarReader(kind, 'decimal');
    return (node, path) => {
      if (node.value === undefined) throw new FormError(`${path} holds further parameters`);
      try {
        return read(node.value);
      } catch (error) {
        if (error instanceof ScalarError) throw new FormError(`${path} is ${error.message}`);
        throw error;
      }
    };
  }
  if (schema.isListSchema()) {
    const value = schema.getValueSchema();
    const name = traitsOf(value).xmlName ?? 'member';
    const flat = Boolean(traitsOf(schema).xmlFlattened);
    const read = compile(value, memo);
    // `Items=` with no children is how an empty list is sent.
    return (node, path) => {
      const parent = flat ? node : node.children?.get(name);
      return parent ? numbered(parent).map((child, i) => read(child, `${path}.${i + 1}`)) : [];
    };
  }
  if (schema.isMapSchema()) return compileMap(schema, memo);
  return memo.once(
    schema,
    () => compileFormStruct(schema, memo),
    (later) => (node, path) => later()(node, path),
  );
}

function compileMap(schema: NormalizedSchema, memo: Memo): FormReader {
  const keyName = traitsOf(schema.getKeySchema()).xmlName ?? 'key';
  const valueName = traitsOf(schema.getValueSchema()).xmlName ?? 'value';
  const flat = Boolean(traitsOf(schema).xmlFlattened);
  const read = compile(schema.getValueSchema(), memo);
  return (node, path) => {
    const map = Object.create(null) as Record<string, unknown>;
    const parent = flat ? node : node.children?.get('entry');
    for (const entry of parent ? numbered(parent) : []) {
      const key = entry.children?.get(keyName)?.value;
      const value = entry.children?.get(valueName);
      if (key === undefined || !value) throw new FormError(`${path} lacks a ${keyName} or ${valueName}`);
      map[key] = read(value, `${path}.${key}`);
    }
    return map;
  };
}

function compileFormStruct(schema: NormalizedSchema, memo: Memo): FormReader {
  const fields = membersOf(schema).map((member) => ({
    name: member.name,
    wireName: member.wireName,
    required: member.required,
    read: compile(member.schema, memo),
  }));
  return (node, path) => {
    const value: Record<string, unknown> = {};
    for (const { name, wireName, required, read } of fields) {
      const child = node.children?.get(wireName);
      const at = path === '' ? camel(name) : `${path}.${camel(name)}`;
      if (child) value[name] = read(child, at);
      else if (required) {
        throw new FormError(
          `1 validation error detected: Value null at '${at}' failed to satisfy constraint: Member must not be null`,
        );
      }
    }
    return value;
  };
}

const camel = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** Compiles the reader of a form that holds `schema`, the unit type included. */
export function compileFormReader(schema: NormalizedSchema): FormReader {
  return compileFormStruct(schema, new CompileMemo());
}
