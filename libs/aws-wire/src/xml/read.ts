import type { NormalizedSchema } from '@smithy/core/schema';
import { CompileMemo, membersOf, type Traits } from '../schema.ts';
import { ScalarError, scalarKind, scalarReader } from '../scalar.ts';
import type { XmlElement } from './parse.ts';

/** The document is well-formed XML but not what the schema describes. */
export class XmlShapeError extends Error {}

/** Turns one element into the value of one shape. Throws XmlShapeError. */
export type XmlReader = (element: XmlElement) => unknown;

export interface XmlReadOptions {
  /** S3 knows whole numbers only; S3 Control has a few fractions. */
  readonly number: 'integer' | 'decimal';
}

type Memo = CompileMemo<XmlReader>;

const traitsOf = (schema: NormalizedSchema): Traits => schema.getMergedTraits() as Traits;
const ownXmlName = (schema: NormalizedSchema): string | undefined => traitsOf(schema).xmlName;

function compile(schema: NormalizedSchema, options: XmlReadOptions, memo: Memo): XmlReader {
  const kind = scalarKind(schema);
  if (kind) {
    const read = scalarReader(kind, options.number);
    return (element) => {
      if (element.children.length > 0) throw new XmlShapeError(`${element.name} holds elements`);
      try {
        return read(element.text);
      } catch (error) {
        if (error instanceof ScalarError) throw new XmlShapeError(`${element.name} is ${error.message}`);
        throw error;
      }
    };
  }
  if (schema.isListSchema()) return compileList(schema, options, memo);
  if (schema.isMapSchema()) return compileMap(schema, options, memo);
  return memo.once(
    schema,
    () => compileStruct(schema, options, memo),
    (later) => (element) => later()(element),
  );
}

/** A wrapped list: `<Items><member/>…</Items>`. */
function compileList(schema: NormalizedSchema, options: XmlReadOptions, memo: Memo): XmlReader {
  const value = schema.getValueSchema();
  const name = ownXmlName(value) ?? 'member';
  const read = compile(value, options, memo);
  return (element) => element.children.filter((child) => child.name === name).map(read);
}

/** Adds one `<entry><key/><value/></entry>` to a map. */
function compileEntry(schema: NormalizedSchema, options: XmlReadOptions, memo: Memo) {
  const keyName = ownXmlName(schema.getKeySchema()) ?? 'key';
  const valueName = ownXmlName(schema.getValueSchema()) ?? 'value';
  const read = compile(schema.getValueSchema(), options, memo);
  return (entry: XmlElement, into: Record<string, unknown>): void => {
    const key = entry.children.find((child) => child.name === keyName);
    const value = entry.children.find((child) => child.name === valueName);
    if (!key || !value) throw new XmlShapeError(`${entry.name} lacks ${keyName} or ${valueName}`);
    into[key.text] = read(value);
  };
}

const emptyMap = (): Record<string, unknown> => Object.create(null) as Record<string, unknown>;

function compileMap(schema: NormalizedSchema, options: XmlReadOptions, memo: Memo): XmlReader {
  const add = compileEntry(schema, options, memo);
  return (element) => {
    const map = emptyMap();
    for (const child of element.children) if (child.name === 'entry') add(child, map);
    return map;
  };
}

interface Field {
  readonly member: string;
  /** Puts one occurrence of the element into the structure. */
  readonly put: (child: XmlElement, into: Record<string, unknown>) => void;
}

function compileField(schema: NormalizedSchema, member: string, options: XmlReadOptions, memo: Memo): Field {
  if (traitsOf(schema).xmlFlattened && schema.isListSchema()) {
    const read = compile(schema.getValueSchema(), options, memo);
    return { member, put: (child, into) => void ((into[member] ??= []) as unknown[]).push(read(child)) };
  }
  if (traitsOf(schema).xmlFlattened && schema.isMapSchema()) {
    const add = compileEntry(schema, options, memo);
    return { member, put: (child, into) => add(child, (into[member] ??= emptyMap()) as Record<string, unknown>) };
  }
  const read = compile(schema, options, memo);
  return {
    member,
    put: (child, into) => {
      if (into[member] !== undefined) throw new XmlShapeError(`${child.name} occurs twice`);
      into[member] = read(child);
    },
  };
}

function compileStruct(schema: NormalizedSchema, options: XmlReadOptions, memo: Memo): XmlReader {
  const fields = new Map<string, Field>();
  const attributes: { member: string; name: string }[] = [];
  const required: string[] = [];
  for (const { name, schema: member, wireName, traits, required: needed } of membersOf(schema)) {
    if (needed) required.push(name);
    if (traits.xmlAttribute) attributes.push({ member: name, name: wireName.slice(wireName.indexOf(':') + 1) });
    else fields.set(wireName, compileField(member, name, options, memo));
  }
  const exclusive = schema.isUnionSchema();
  return (element) => {
    const value: Record<string, unknown> = {};
    for (const { member, name } of attributes) {
      const text = element.attributes?.get(name);
      if (text !== undefined) value[member] = text;
    }
    // Unknown elements are ignored, as AWS does: clients may be newer than the schema.
    for (const child of element.children) fields.get(child.name)?.put(child, value);
    for (const member of required) {
      if (value[member] === undefined) throw new XmlShapeError(`${element.name} lacks ${member}`);
    }
    if (exclusive && Object.keys(value).length > 1)
      throw new XmlShapeError(`${element.name} holds more than one choice`);
    return value;
  };
}

/** Compiles the reader of an element that holds `schema`. */
export function compileXmlReader(schema: NormalizedSchema, options: XmlReadOptions): XmlReader {
  return compile(schema, options, new CompileMemo());
}

/** Compiles the reader of a document whose root holds only some of a structure's members. */
export function compileXmlBodyReader(
  members: readonly { name: string; schema: NormalizedSchema; wireName: string; required: boolean }[],
  options: XmlReadOptions,
): (root: XmlElement, into: Record<string, unknown>) => void {
  const memo: Memo = new CompileMemo();
  const fields = new Map(members.map((m) => [m.wireName, compileField(m.schema, m.name, options, memo)]));
  const required = members.filter((m) => m.required).map((m) => m.name);
  return (root, into) => {
    for (const child of root.children) fields.get(child.name)?.put(child, into);
    for (const name of required) {
      if (into[name] === undefined) throw new XmlShapeError(`${root.name} lacks ${name}`);
    }
  };
}
