import type { NormalizedSchema } from '@smithy/core/schema';
import { CompileMemo, type Member, membersOf, type Traits } from '../schema.ts';
import { scalarKind, scalarWriter, timestampFormat } from '../scalar.ts';
import { escapeXml } from './escape.ts';

/** Writes the content and attributes of one element, without its tags. */
interface ContentWriter {
  readonly attributes?: (value: unknown) => string;
  readonly content: (value: unknown) => string;
}

export interface XmlWriteOptions {
  readonly millis: 'always' | 'when-needed';
}

type Memo = CompileMemo<ContentWriter>;

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** One whole element; an empty one is written `<Name/>`. */
export function element(name: string, content: string, attributes = ''): string {
  return content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;
}

/** The same for elements of one name, of which a listing has thousands: their tags are made once. */
function elementWriter(name: string, { content, attributes }: ContentWriter): (value: unknown) => string {
  if (attributes) return (value) => element(name, content(value), attributes(value));
  const [open, close, empty] = [`<${name}>`, `</${name}>`, `<${name}/>`];
  return (value) => {
    const text = content(value);
    return text === '' ? empty : open + text + close;
  };
}

const traitsOf = (schema: NormalizedSchema): Traits => schema.getMergedTraits() as Traits;

function compile(schema: NormalizedSchema, options: XmlWriteOptions, memo: Memo): ContentWriter {
  const kind = scalarKind(schema);
  if (kind) {
    const write = scalarWriter(kind, timestampFormat(schema, 'date-time'), options.millis);
    // Numbers, dates, booleans and base64 hold nothing that XML reads as something else.
    return { content: kind === 'string' ? (value) => escapeXml(String(value)) : write };
  }
  if (schema.isListSchema()) {
    const item = compileItem(schema, traitsOf(schema.getValueSchema()).xmlName ?? 'member', options, memo);
    return { content: (value) => (value as unknown[]).map(item).join('') };
  }
  if (schema.isMapSchema()) {
    const entry = compileEntry(schema, 'entry', options, memo);
    return {
      content: (value) =>
        Object.entries(value as object)
          .map(entry)
          .join(''),
    };
  }
  return memo.once(
    schema,
    () => compileStruct(schema, options, memo),
    (later) => ({
      content: (value) => later().content(value),
      attributes: (value) => later().attributes?.(value) ?? '',
    }),
  );
}

function compileItem(list: NormalizedSchema, name: string, options: XmlWriteOptions, memo: Memo) {
  const write = elementWriter(name, compile(list.getValueSchema(), options, memo));
  return (value: unknown): string => (value == null ? '' : write(value));
}

function compileEntry(map: NormalizedSchema, name: string, options: XmlWriteOptions, memo: Memo) {
  const keyName = traitsOf(map.getKeySchema()).xmlName ?? 'key';
  const valueName = traitsOf(map.getValueSchema()).xmlName ?? 'value';
  const { content } = compile(map.getValueSchema(), options, memo);
  return ([key, value]: [string, unknown]): string =>
    value == null ? '' : element(name, element(keyName, escapeXml(key)) + element(valueName, content(value)));
}

/** Writes one member with its tags. */
function compileMember({ schema, wireName, traits }: Member, options: XmlWriteOptions, memo: Memo) {
  if (traits.xmlFlattened && schema.isListSchema()) {
    const item = compileItem(schema, wireName, options, memo);
    return (value: unknown): string => (value as unknown[]).map(item).join('');
  }
  if (traits.xmlFlattened && schema.isMapSchema()) {
    const entry = compileEntry(schema, wireName, options, memo);
    return (value: unknown): string =>
      Object.entries(value as object)
        .map(entry)
        .join('');
  }
  return elementWriter(wireName, compile(schema, options, memo));
}

function compileMembers(members: readonly Member[], options: XmlWriteOptions, memo: Memo) {
  const writers = members.map((member) => ({ name: member.name, write: compileMember(member, options, memo) }));
  return (value: Record<string, unknown>): string => {
    let text = '';
    for (const { name, write } of writers) {
      const member = value[name];
      if (member != null) text += write(member);
    }
    return text;
  };
}

function compileStruct(schema: NormalizedSchema, options: XmlWriteOptions, memo: Memo): ContentWriter {
  const members = membersOf(schema);
  const attributed = members.filter((member) => member.traits.xmlAttribute);
  const write = compileMembers(
    members.filter((member) => !member.traits.xmlAttribute),
    options,
    memo,
  );
  const content = (value: unknown): string => write(value as Record<string, unknown>);
  const [prefix, uri] = traitsOf(schema).xmlNamespace ?? [];
  const declaration = uri ? ` ${prefix ? `xmlns:${prefix}` : 'xmlns'}="${escapeXml(uri)}"` : '';
  if (attributed.length === 0 && declaration === '') return { content };
  return {
    content,
    attributes: (value) => {
      let text = declaration;
      for (const { name, wireName } of attributed) {
        const attribute = (value as Record<string, unknown>)[name];
        if (attribute != null) text += ` ${wireName}="${escapeXml(String(attribute as string))}"`;
      }
      return text;
    },
  };
}

/** Compiles the writer of a structure's content, for some of its members. */
export function compileXmlBodyWriter(
  members: readonly Member[],
  options: XmlWriteOptions,
): (value: Record<string, unknown>) => string {
  return compileMembers(members, options, new CompileMemo());
}
