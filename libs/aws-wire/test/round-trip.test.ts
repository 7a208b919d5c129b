import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apis, factsOf, operations, type Api, type Operation } from '../src/api.ts';
import { codecFor } from '../src/codec.ts';
import { resolveQuery } from '../src/routing/query-action.ts';
import { route } from '../src/routing/route.ts';
import { membersOf } from '../src/schema.ts';
import { served } from '../src/served.ts';
import { arbitraryOf } from './arbitrary.ts';
import { exceptions } from './exceptions.ts';
import { type SentRequest, SdkClient } from './sdk-client.ts';

const SEED = Number(process.env['COFFER_TEST_SEED'] ?? 20_261_123);
const FACTOR = Number(process.env['COFFER_TEST_RUNS'] ?? 1);
const RUNS_SERVED = 40 * FACTOR;
const RUNS_OTHER = 6 * FACTOR;

const clients = new Map<Api, SdkClient>();
function clientOf(api: Api): SdkClient {
  let client = clients.get(api);
  if (!client) clients.set(api, (client = new SdkClient(api)));
  return client;
}

/** Plain data: without absent members and empty prefix maps, dates and bytes as text, maps with a prototype. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `base64:${Buffer.from(value).toString('base64')}`;
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item)]));
}

/** Reads a captured request the way a gateway does. */
function read(api: Api, sent: SentRequest): { operation: string; input: Record<string, unknown> } {
  const options = { hosts: ['s3.localhost'], credentialService: factsOf(api).signingName };
  const found = route({ method: sent.method, target: sent.target, headers: sent.headers }, options);
  const complete = resolveQuery(found, sent.body ?? '', true);
  const codec = codecFor(complete.api, complete.operation);
  expect(complete.api).toBe(api);
  const body = codec.inputBody === 'whole' ? sent.body : undefined;
  return { operation: complete.operation, input: codec.readInput(complete, sent.headers, body) };
}

/** What the SDK adds by itself to what it was given. */
const ADDED = /^(?:Checksum|ContentMD5|ContentLength|ContentType|checksum|ContentEncoding)/;

function withoutAdded(got: Record<string, unknown>, given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(got).filter(([name]) => name in given || !ADDED.test(name)));
}

function bodyFor(operation: Operation): Record<string, unknown> {
  const stream = membersOf(operation.input).find((m) => m.schema.isStreaming());
  return stream ? { [stream.name]: Buffer.from('bytes') } : {};
}

const runs = (operation: Operation): number =>
  served[operation.api].includes(operation.name) ? RUNS_SERVED : RUNS_OTHER;

describe.each(apis)('%s', (api) => {
  for (const operation of operations(api).values()) {
    const id = `${api}.${operation.name}`;
    const codec = codecFor(api, operation.name);

    it.skipIf(`${id}.input` in exceptions)(`${operation.name}: what the SDK sends is read back`, async () => {
      await fc.assert(
        fc.asyncProperty(arbitraryOf(operation.input, api, 'input'), async (input) => {
          const sent = await clientOf(api).capture(operation.name, { ...input, ...bodyFor(operation) });
          const got = read(api, sent);
          expect(got.operation).toBe(operation.name);
          expect(plain(withoutAdded(got.input, input))).toEqual(plain(input));
        }),
        { seed: SEED, numRuns: runs(operation), includeErrorInReport: true },
      );
    });

    it.skipIf(`${id}.output` in exceptions)(`${operation.name}: what is answered, the SDK reads`, async () => {
      const [input = {}] = fc.sample(arbitraryOf(operation.input, api, 'input'), { seed: SEED, numRuns: 1 });
      await fc.assert(
        fc.asyncProperty(arbitraryOf(operation.output, api, 'output'), async (output) => {
          const got = await clientOf(api).call(operation.name, { ...input, ...bodyFor(operation) }, () =>
            codec.writeOutput(output, { requestId: 'REQUEST', hostId: 'HOST' }),
          );
          const { $metadata: metadata, ...rest } = got;
          expect((metadata as { requestId?: string }).requestId).toBe('REQUEST');
          delete rest['ExpiresString'];
          if (codec.outputStream) delete rest[codec.outputStream];
          if (!('Metadata' in output)) delete rest['Metadata'];
          expect(plain(rest)).toEqual(plain(output));
        }),
        { seed: SEED, numRuns: runs(operation), includeErrorInReport: true },
      );
    });
  }
});

describe('exceptions', () => {
  it('are few and none is of a served operation', () => {
    const names = Object.keys(exceptions);
    expect(names.length).toBeLessThanOrEqual(20);
    const ofServed = apis.flatMap((api) =>
      served[api].filter((name) => names.some((id) => id.startsWith(`${api}.${name}.`))),
    );
    expect(ofServed).toEqual([]);
  });
});
