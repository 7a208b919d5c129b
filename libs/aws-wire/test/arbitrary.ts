import type { NormalizedSchema } from '@smithy/core/schema';
import * as fc from 'fast-check';
import { factsOf, type Api } from '../src/api.ts';
import { type Member, membersOf } from '../src/schema.ts';

/** Which direction a value is generated for: what a client sends, or what the server answers. */
export type Direction = 'input' | 'output';

interface Setting {
  readonly api: Api;
  readonly direction: Direction;
  readonly depth: number;
}

// Deep optional parts add nothing that shallower ones do not show.
const MAX_DEPTH = 6;

/** Text for headers, labels and query strings: what every HTTP stack carries unchanged. */
const plainText = fc.stringMatching(/^[A-Za-z0-9](?:[ -~]{0,18}[A-Za-z0-9._~=+:/-])?$/);
const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z0-9]$/);

/**
 * Text for bodies. Left out: NUL and lone surrogates, which no body can hold; in what clients send, control
 * characters, because the SDK writes them raw into XML and AWS refuses that as well; in answers, text of white space
 * with a newline in it, which the SDK's XML reader drops.
 */
const bodyText = (direction: Direction): fc.Arbitrary<string> => {
  const unit = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...'abcXYZ019 -_/.+&<>"\'%=?#;') },
    { weight: 1, arbitrary: fc.constantFrom('é', 'ß', '漢', '😀', '\u00a0', '\u0085', '\u2028', '\t', '\r', '\n') },
    {
      weight: 1,
      arbitrary: direction === 'output' ? fc.constantFrom('\u0001', '\u001f', '\u007f', '\ufffd') : fc.constant('~'),
    },
  );
  return fc.string({ unit, maxLength: 16 }).filter((text) => text === '' || /[^\s\u0085]/.test(text));
};

/** Whole seconds: headers and the query APIs carry no more. */
const date = fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => new Date(seconds * 1000));

/** Members whose text the SDK or the routing needs in a certain form. */
const NAMED = new Map<string, fc.Arbitrary<unknown>>([
  ['Bucket', fc.stringMatching(/^[a-z0-9]{3,12}$/)],
  [
    'Key',
    fc.oneof(
      fc.stringMatching(/^[ -~]{1,24}$/),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
      fc.constantFrom('/', '//a', '../..', './x', 'a//b/', '+ %2F', '\u0001\t'),
    ),
  ],
  ['AccountId', fc.stringMatching(/^\d{12}$/)],
  ['accountId', fc.stringMatching(/^\d{12}$/)],
  ['OutpostId', token],
  ['RequestRoute', token],
  ['ChecksumAlgorithm', fc.constantFrom('CRC32', 'SHA256')],
  ['checksum', fc.stringMatching(/^[0-9a-f]{64}$/)],
]);

/** Members that the SDK fills in or rewrites by itself; tests of their own cover the served ones. */
const LEFT_OUT = new Set([
  'SSECustomerKey',
  'CopySourceSSECustomerKey',
  'SSECustomerKeyMD5',
  'CopySourceSSECustomerKeyMD5',
  'ContentLength',
  'ContentMD5',
  'ExpiresString',
  'ChecksumMode',
  'StatusCode',
]);

function scalar(schema: NormalizedSchema, inText: boolean, direction: Direction): fc.Arbitrary<unknown> | undefined {
  if (schema.isTimestampSchema()) return date;
  if (schema.isStringSchema()) return inText ? plainText : bodyText(direction);
  if (schema.isBooleanSchema()) return fc.boolean();
  if (schema.isNumericSchema()) return fc.integer({ min: 0, max: 0x7fff_ffff });
  if (schema.isBlobSchema()) return fc.uint8Array({ maxLength: 40 });
  return undefined;
}

function value(schema: NormalizedSchema, inText: boolean, setting: Setting): fc.Arbitrary<unknown> {
  const simple = scalar(schema, inText, setting.direction);
  if (simple) return simple;
  const flat = Boolean(schema.getMergedTraits().xmlFlattened);
  const query = factsOf(setting.api).protocol === 'query' && setting.direction === 'input';
  if (schema.isListSchema()) {
    // A flattened list and a list in the request line cannot be present and empty.
    const item = value(schema.getValueSchema(), inText, { ...setting, depth: setting.depth + 1 });
    return fc.array(item, { minLength: flat || inText ? 1 : 0, maxLength: 3 });
  }
  if (schema.isMapSchema()) {
    const item = value(schema.getValueSchema(), inText, { ...setting, depth: setting.depth + 1 });
    return fc.dictionary(token, item, { minKeys: flat || inText || query ? 1 : 0, maxKeys: 3, noNullPrototype: true });
  }
  return struct(schema, setting);
}

const inRequestLine = (member: Member): boolean =>
  Boolean(
    member.traits.httpLabel ??
    member.traits.httpHeader ??
    member.traits.httpQuery ??
    member.traits.httpPrefixHeaders ??
    member.traits.xmlAttribute,
  );

function member(m: Member, setting: Setting): fc.Arbitrary<unknown> {
  // Empty text is no text where it is the whole body.
  const whole = m.traits.httpPayload ?? (m.name === 'LocationConstraint' ? 1 : undefined);
  if (whole && m.schema.isStringSchema()) return plainText;
  if (m.traits.httpResponseCode) return fc.integer({ min: 200, max: 206 });
  const named = setting.depth === 0 || m.name === 'ChecksumAlgorithm' ? NAMED.get(m.name) : undefined;
  if (named && m.schema.isStringSchema() && setting.direction === 'input') return named;
  return value(m.schema, inRequestLine(m), { ...setting, depth: setting.depth + 1 });
}

/** A structure with its required members and any of the others; exactly one member of a union. */
function struct(schema: NormalizedSchema, setting: Setting): fc.Arbitrary<Record<string, unknown>> {
  const all = membersOf(schema).filter((m) => !m.schema.isStreaming() && !LEFT_OUT.has(m.name));
  if (schema.isUnionSchema()) {
    const choices = all.map((m) => member(m, setting).map((choice): Record<string, unknown> => ({ [m.name]: choice })));
    return fc.oneof(...choices);
  }
  // In a form a structure without members leaves no trace, so there the first one is always set.
  const form = factsOf(setting.api).protocol === 'query' && setting.direction === 'input' && setting.depth > 0;
  const needed = (m: Member, i: number): boolean =>
    m.required ||
    m.schema.isIdempotencyToken() ||
    // The SDK builds S3 Control's host name from it, and its CreateBucket is for Outposts alone.
    m.name === 'AccountId' ||
    m.name === 'OutpostId' ||
    // The SDK refuses an answer to a copy that has no body, and sends Glacier `{}` for a payload that is absent.
    (m.traits.httpPayload !== undefined && (setting.direction === 'output' || setting.api === 'glacier')) ||
    m.traits.httpResponseCode !== undefined ||
    (form && i === 0);
  const used = all.filter((m, i) => setting.depth < MAX_DEPTH || needed(m, i));
  const model = Object.fromEntries(used.map((m) => [m.name, member(m, setting)]));
  const requiredKeys = all.filter(needed).map((m) => m.name);
  return fc.record(model, { requiredKeys, noNullPrototype: true });
}

/** Inputs or outputs of an operation. */
export function arbitraryOf(
  schema: NormalizedSchema,
  api: Api,
  direction: Direction,
): fc.Arbitrary<Record<string, unknown>> {
  if (schema.isUnitSchema()) return fc.constant({});
  return struct(schema, { api, direction, depth: 0 });
}
