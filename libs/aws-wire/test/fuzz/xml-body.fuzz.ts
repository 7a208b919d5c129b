import { expectation, type FuzzTarget } from '@coffer/fuzz';
import * as fc from 'fast-check';
import { operationsOf } from '../../src/api.ts';
import { codecFor } from '../../src/codec.ts';
import type { Route } from '../../src/routing/types.ts';
import { escapeXml } from '../../src/xml/escape.ts';
import { parseXml, XmlSyntaxError, type XmlElement } from '../../src/xml/parse.ts';
import { refusal, unspoiled } from './reading.ts';

const OPERATIONS = operationsOf('s3').filter((name) => codecFor('s3', name).inputBody === 'whole');

const routeTo = (operation: string): Route => ({
  api: 's3',
  operation,
  bucket: 'b',
  key: 'k',
  query: new Map([
    ['uploadId', 'u'],
    ['id', 'i'],
  ]),
  pairs: [],
  labels: new Map(),
  virtualHost: false,
});

const attributes = (element: XmlElement) =>
  [...(element.attributes ?? [])].map(([name, value]) => ` ${name}="${escapeXml(value)}"`).join('');
/** Not recursive: a document that was read must not exhaust the stack of who uses it either; its depth is bounded. */
const written = ({ name, text, children, ...rest }: XmlElement): string =>
  `<${name}${attributes({ name, text, children, ...rest })}>${escapeXml(text)}${children.map(written).join('')}</${name}>`;

/** What is read, written again, reads the same. */
function roundTrip(body: Buffer): void {
  let first: XmlElement;
  try {
    first = parseXml(body);
  } catch (error) {
    if (!(error instanceof XmlSyntaxError)) throw error;
    return;
  }
  const source = body.toString('utf8');
  expectation(
    !/<!DOCTYPE/i.test(source.replaceAll(/<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>/g, '')),
    'no DOCTYPE',
  );
  const once = written(first);
  expectation(written(parseXml(once)) === once, 'what was read, written again, reads the same');
}

const leaf = fc.constantFrom(
  'Enabled',
  '1',
  'true',
  'x',
  '&lt;',
  '&#x10FFFF;',
  '&bad;',
  '<![CDATA[<]]>',
  '2026-01-01T00:00:00Z',
);
const tag = fc.constantFrom(
  'Status',
  'Rule',
  'ID',
  'Filter',
  'Prefix',
  'Key',
  'Value',
  'Object',
  'Part',
  'Grant',
  'Days',
);
const level = (inner: fc.Arbitrary<string>) =>
  fc
    .array(fc.tuple(tag, inner), { maxLength: 3 })
    .map((all) => all.map(([name, text]) => `<${name}>${text}</${name}>`).join(''));
const structured = fc
  .tuple(
    fc.constantFrom(...OPERATIONS),
    fc.constantFrom('Tagging', 'Delete', 'CORSConfiguration', 'X'),
    level(level(level(leaf))),
  )
  .map(([operation, root, inner]) => Buffer.from(`${operation}\n<${root}>${inner}</${root}>`));

/** Bodies of the operations that read XML; the first line names the operation. */
const target: FuzzTarget = {
  name: 'xml-body',
  corpus: new URL('corpus/xml-body/', import.meta.url),
  parsers: ['libs/aws-wire/src/xml', 'libs/aws-wire/src/scalar.ts', 'libs/aws-wire/src/protocols/rest-xml-body.ts'],
  tokens: [
    ...OPERATIONS,
    '<',
    '>',
    '</',
    '/>',
    '<a>',
    '</a>',
    '<a a="',
    '" b=\'',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
    '<!DOCTYPE a [<!ENTITY e "x">]>',
    '&e;',
    '&amp;',
    '&#0;',
    '&#xD800;',
    '&#x110000;',
    '&#',
    'xmlns:x="y"',
    ' x:y="z"',
    '<?xml version="1.0" encoding="UTF-16"?>',
    '<Object><Key>',
    '<Part><PartNumber>',
    '<Rule>',
    '<Status>Enabled</Status>',
  ],
  structured,
  mustSee: ['read', 'MalformedXML', 'MissingRequestBodyError'],
  run(input) {
    const end = input.indexOf(0x0a);
    const named = input.subarray(0, Math.max(0, end)).toString('latin1');
    const operation = OPERATIONS.includes(named) ? named : 'DeleteObjects';
    const body = input.subarray(end + 1);
    roundTrip(body);
    try {
      unspoiled(codecFor('s3', operation).readInput(routeTo(operation), {}, body));
      return 'read';
    } catch (error) {
      return refusal(error);
    }
  },
};
export default target;
