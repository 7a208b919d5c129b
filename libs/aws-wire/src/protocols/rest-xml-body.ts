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

export function compileXmlResponseBody({ operation, payload, members }: BodyShape): BodyWriter {
  const namespace = ` xmlns="${factsOf(operation.api).xmlNamespace}"`;
  const root = rootName(payload ? payload.schema : operation.output);
  const [only] = members;
  if (!payload && only && operation.name === 'GetBucketLocation') return writeUnwrapped(only, root, namespace);
  const shape = payload ? membersOf(payload.schema).filter(inBody) : members;
  const write = compileXmlBodyWriter(shape, { millis: 'always' });
  return (output) => {
    const value = payload ? (output[payload.name] as Record<string, unknown> | null | undefined) : output;
    if (value == null) return undefined;
    return { type: TYPE, body: XML_DECLARATION + element(root, write(value), namespace) };
  };
}
