import { XMLBuilder } from 'fast-xml-parser';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apis, factsOf, operations, operationsOf, type Api } from '../src/api.ts';
import { codecFor } from '../src/codec.ts';
import { resolveQuery } from '../src/routing/query-action.ts';
import { route } from '../src/routing/route.ts';
import type { RequestHeaders } from '../src/routing/types.ts';
import { membersOf, rootName } from '../src/schema.ts';
import { WireError } from '../src/wire-error.ts';
import { parseXml, type XmlElement } from '../src/xml/parse.ts';

const seed = Number(process.env['COFFER_TEST_SEED'] ?? 20_261_123);

/** Runs the whole way in; whatever is refused must be refused as a WireError with a client's status. */
function tryRead(api: Api, method: string, target: string, headers: RequestHeaders, body: Buffer): string {
  try {
    const found = route(
      { method, target, headers },
      { hosts: ['s3.localhost'], credentialService: factsOf(api).signingName },
    );
    const complete = resolveQuery(found, body, true);
    if (complete.isPreflight) return 'Preflight';
    codecFor(complete.api, complete.operation).readInput(complete, headers, body);
    return complete.operation;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    expect(error.status).toBeGreaterThanOrEqual(400);
    expect(error.status).toBeLessThan(500);
    return error.code;
  }
}

const method = fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'get', '');
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom(
    '/',
    '//',
    '%',
    '%2',
    '%2F',
    '%ff',
    '?',
    '&',
    '=',
    '+',
    '..',
    'b',
    'acl',
    'uploads',
    'uploadId',
    'partNumber',
    'list-type=2',
    'versions',
    'Action',
    '__proto__',
    'vaults',
    'v20180820',
  ),
);
const subresource = fc.constantFrom(
  '',
  '?acl',
  '?uploads',
  '?uploadId=u',
  '?partNumber=1&uploadId=u',
  '?tagging',
  '?versions',
  '?list-type=2',
  '?policy',
  '?max-keys=x',
  '?cors',
  '?delete',
);
const target = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
  fc.tuple(fc.constantFrom('/', '/b', '/b/k'), subresource).map(([path, query]) => path + query),
);
const headers = fc.dictionary(
  fc.constantFrom(
    'x-amz-copy-source',
    'x-amz-target',
    'x-amz-meta-a',
    'x-amz-meta-__proto__',
    'x-amz-object-attributes',
    'if-match',
    'if-modified-since',
    'content-type',
    'x-amz-account-id',
    'host',
    'content-length',
    '__proto__',
  ),
  fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom('TrentService.Encrypt', 'multipart/form-data', '"', '",', '\\', '-1', 'x.s3.localhost'),
  ),
);

describe('whatever is sent', () => {
  it('is routed and read, or refused as AWS refuses', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.constantFrom(...apis),
        method,
        target,
        headers,
        fc.uint8Array({ maxLength: 60 }),
        (api, verb, uri, head, body) => {
          seen.add(tryRead(api, verb, uri, head, Buffer.from(body)));
        },
      ),
      { seed, numRuns: 4000 },
    );
    // The property would hold of a router that refuses everything.
    expect(seen.size).toBeGreaterThan(20);
  });

  it('bodies that are almost right are read or refused as MalformedXML', () => {
    const names = operationsOf('s3').filter((name) => codecFor('s3', name).inputBody === 'whole');
    const leaf = fc.constantFrom('', '1', 'true', 'x', '&lt;', '&bad;', '<![CDATA[', ']]>', '<!--', '<?x', '\u0000');
    const codes = new Set<string>();
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.array(leaf, { maxLength: 8 }), fc.nat(), (name, parts, cut) => {
        const input = operations('s3').get(name)?.input;
        if (!input) throw new Error(name);
        const payload = membersOf(input).find((m) => m.traits.httpPayload);
        const root = rootName(payload ? payload.schema : input);
        const whole = `<${root}><Rule><Status>${parts.join('</Status><Status>')}</Status></Rule></${root}>`;
        const body = Buffer.from(cut % 3 === 0 ? whole.slice(0, cut % whole.length) : whole);
        const at = {
          api: 's3' as const,
          operation: name,
          bucket: 'b',
          key: 'k',
          query: new Map<string, string>(),
          pairs: [],
          labels: new Map<string, string>(),
          virtualHost: false,
        };
        try {
          codecFor('s3', name).readInput(at, {}, body);
          codes.add('read');
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
          codes.add(error.code);
        }
      }),
      { seed, numRuns: 1500 },
    );
    expect(codes).toContain('MalformedXML');
    expect(codes).toContain('read');
  });
});

describe('the XML reader', () => {
  interface Tree {
    name: string;
    text: string;
    children: Tree[];
  }
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,8}$/);
  const text = fc.string({ unit: fc.constantFrom(...'ab <>&"\'é漢'), maxLength: 8 });
  const level = (children: fc.Arbitrary<Tree[]>): fc.Arbitrary<Tree> => fc.record({ name, text, children });
  const few = (child: fc.Arbitrary<Tree>): fc.Arbitrary<Tree[]> => fc.array(child, { maxLength: 3 });
  const tree = level(few(level(few(level(fc.constant([]))))));
  const ordered = ({ name: tag, text: content, children }: Tree): object => ({
    [tag]: [...(content === '' ? [] : [{ '#text': content }]), ...children.map(ordered)],
  });
  const simplified = (element: XmlElement): Tree => ({
    name: element.name,
    text: element.text,
    children: element.children.map(simplified),
  });

  it('reads what another library writes', () => {
    const builder = new XMLBuilder({ preserveOrder: true, processEntities: true });
    fc.assert(
      fc.property(tree, (root) => {
        expect(simplified(parseXml(String(builder.build([ordered(root)]))))).toEqual(root);
      }),
      { seed, numRuns: 300 },
    );
  });
});
