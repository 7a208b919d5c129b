import { factsOf, type Api } from '../api.ts';
import { inBody, type Member, membersOf, rootName } from '../schema.ts';
import { WireError } from '../wire-error.ts';
import { escapeXml } from '../xml/escape.ts';
import { parseXml, type XmlElement, XmlSyntaxError } from '../xml/parse.ts';
import { compileXmlBodyReader, compileXmlReader, XmlShapeError } from '../xml/read.ts';
import { compileXmlBodyWriter, element, XML_DECLARATION } from '../xml/write.ts';
import type { BodyReader, BodyShape, BodyWriter } from './rest-types.ts';

const TYPE = 'application/xml';
const numberKind = (api: Api): 'integer' | 'decimal' => (api === 's3' ? 'integer' : 'decimal');

/** Runs a reader of XML and answers MalformedXML for whatever it refuses. */
function guarded(api: Api, read: () => void): void {
  try {
    read();
  } catch (error) {
    // What exactly was wrong stays out of the answer: AWS has one message for all of it.
    if (error instanceof XmlSyntaxError || error instanceof XmlShapeError) throw new WireError('MalformedXML', { api });
    throw error;
  }
}

function checkRoot(root: XmlElement, names: ReadonlySet<string>): void {
  if (!names.has(root.name)) throw new XmlShapeError(`${root.name} is not the root element of this request`);
}

/** A payload structure: the document's root is the structure, under its own name or that of its shape. */
function readPayload(payload: Member, api: Api): BodyReader {
  const names = new Set([rootName(payload.schema), payload.wireName, payload.schema.getName() ?? '']);
  const read = compileXmlReader(payload.schema, { number: numberKind(api) });
  return (body, into) =>
    guarded(api, () => {
      const root = parseXml(body);
      checkRoot(root, names);
      into[payload.name] = read(root);
    });
}

export function compileXmlRequestBody({ operation, payload, members }: BodyShape): BodyReader {
  const { api, input } = operation;
  if (payload) return readPayload(payload, api);
  const names = new Set([rootName(input), `${operation.name}Request`]);
  const read = compileXmlBodyReader(members, { number: numberKind(api) });
  return (body, into) =>
    guarded(api, () => {
      const root = parseXml(body);
      checkRoot(root, names);
      read(root, into);
    });
}

/** GetBucketLocation answers with the value directly in the root element. */
function writeUnwrapped(member: Member, root: string, namespace: string): BodyWriter {
  return (output) => {
    const value = output[member.name];
    const text = typeof value === 'string' ? escapeXml(value) : '';
    return { type: TYPE, body: XML_DECLARATION + element(root, text, namespace) };
  };
}

/** A number beside an entry of ListObjectVersions: its place among versions and delete markers together. */
const PLACE = 'Place';
type Placed = Record<string, unknown>;

/**
 * ListObjectVersions is two lists in AWS's schema, but one sequence on the wire: clients that read the document as it
 * comes rely on the order of keys. Entries say their place; without one they follow the others.
 */
function writeVersions(members: readonly Member[], root: string, namespace: string): BodyWriter {
  const mixed = members.filter(({ name }) => name === 'Versions' || name === 'DeleteMarkers');
  const others = compileXmlBodyWriter(
    members.filter((member) => !mixed.includes(member)),
    { millis: 'always' },
  );
  const one = mixed.map((member) => {
    const write = compileXmlBodyWriter([member], { millis: 'always' });
    return { name: member.name, write: (entry: Placed) => write({ [member.name]: [entry] }) };
  });
  return (output) => {
    const entries = one.flatMap(({ name, write }) =>
      ((output[name] as Placed[] | undefined) ?? []).map((entry) => ({
        place: typeof entry[PLACE] === 'number' ? entry[PLACE] : Infinity,
        text: write(entry),
      })),
    );
    entries.sort((a, b) => (a.place === b.place ? 0 : a.place - b.place));
    const text = others(output) + entries.map((entry) => entry.text).join('');
    return { type: TYPE, body: XML_DECLARATION + element(root, text, namespace) };
  };
}

export function compileXmlResponseBody({ operation, payload, members }: BodyShape): BodyWriter {
  const namespace = ` xmlns="${factsOf(operation.api).xmlNamespace}"`;
  const root = rootName(payload ? payload.schema : operation.output);
  const [only] = members;
  if (!payload && only && operation.name === 'GetBucketLocation') return writeUnwrapped(only, root, namespace);
  if (operation.api === 's3' && operation.name === 'ListObjectVersions') return writeVersions(members, root, namespace);
  const shape = payload ? membersOf(payload.schema).filter(inBody) : members;
  const write = compileXmlBodyWriter(shape, { millis: 'always' });
  return (output) => {
    const value = payload ? (output[payload.name] as Record<string, unknown> | null | undefined) : output;
    if (value == null) return undefined;
    return { type: TYPE, body: XML_DECLARATION + element(root, write(value), namespace) };
  };
}
