import { createHash } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import { expectation, inPieces, type FuzzTarget } from '@coffer/fuzz';
import * as fc from 'fast-check';
import { readHead } from '../../src/listen/incoming.ts';
import { listen } from '../../src/listen/listener.ts';
import { proxyTrust } from '../../src/listen/trusted-proxies.ts';
import { renderError } from '../../src/respond/errors.ts';
import { slowDown } from '../../src/respond/overload.ts';
import { respond } from '../../src/respond/respond.ts';
import { BodyBudget, readWhole } from '../../src/route/body.ts';

/** A connection that is not over by then, its client having closed its own side, hangs. */
const OVER_MS = 4_000;
/** Turns of the event loop that a client gives the listener, in the same thread, before it closes its side. */
const TURNS = 12;
const MAX_BODY = 64 * 1024;
const BUDGET = 1024 * 1024;
const PIECES = 24;

/** What reached the handler as a request. */
interface Taken {
  readonly line: string;
  /** Once it has come whole. */
  body?: string;
}

let port = 0;
let taken: Taken[] = [];
let budget = new BodyBudget(BUDGET);
const handler: {
  /** Requests that it is about. */
  underWay: number;
  /** What it threw that is no refusal. */
  broken: Error | undefined;
} = { underWay: 0, broken: undefined };
const trust = proxyTrust([]);

/** As the gateway: reads a body whole, or refuses before it has come. */
async function handle(message: IncomingMessage, response: ServerResponse, expects: boolean): Promise<void> {
  const one: Taken = { line: `${message.method} ${message.url}` };
  taken.push(one);
  if (message.url?.startsWith('/overload')) return slowDown(message, response);
  const incoming = readHead(message, response, trust, expects);
  if (!message.url?.includes('/read')) {
    await respond(incoming, response, { status: 403, headers: [], body: '<Error/>' });
    return;
  }
  try {
    const body = await readWhole(incoming, MAX_BODY, budget);
    one.body = createHash('sha256').update(body).digest('hex');
    await respond(incoming, response, { status: 200, headers: [], body: String(body.length) });
  } catch (error) {
    const { status, code, unexpected } = renderError(error, 's3');
    if (unexpected) throw error;
    await respond(incoming, response, { status, headers: [], body: `<Error><Code>${code}</Code></Error>` });
  }
}

function take(message: IncomingMessage, response: ServerResponse, expects: boolean): void {
  handler.underWay += 1;
  handle(message, response, expects)
    .catch((error: unknown) => {
      handler.broken ??= error instanceof Error ? error : new Error('a handler threw what is no error');
    })
    .finally(() => (handler.underWay -= 1));
}

/** What came back for these bytes until the listener closed the connection. */
async function exchange(pieces: readonly Buffer[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  // Cut off while it still sends: what counts is what came until then.
  socket.on('error', () => undefined);
  const over = new Promise<true>((resolve) => socket.once('close', () => resolve(true)));
  for (const piece of pieces) {
    if (!socket.writable) break;
    await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
    if (pieces.length > 1) await setImmediate();
  }
  for (let turn = 0; turn < TURNS; turn += 1) await setImmediate();
  socket.end();
  const late = new AbortController();
  const inTime = await Promise.race([over, pause(OVER_MS, false, { signal: late.signal }).catch(() => false)]);
  late.abort();
  socket.destroy();
  expectation(inTime, 'the connection is over soon after its client has closed its side');
  return received;
}

interface Seen {
  readonly taken: readonly Taken[];
  readonly statuses: readonly string[];
}

async function send(pieces: readonly Buffer[]): Promise<Seen> {
  taken = [];
  const received = await exchange(pieces);
  for (let turn = 0; handler.underWay > 0 && turn < 1_000; turn += 1) await setImmediate();
  expectation(handler.underWay === 0, 'no request is under way once its connection is over');
  const { broken } = handler;
  handler.broken = undefined;
  if (broken !== undefined) throw broken;
  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status as string);
  expectation(received === '' || received.startsWith('HTTP/1.1 '), 'whatever comes back is an answer');
  const failures = statuses.filter((status) => status.startsWith('5'));
  const overloads = taken.filter(({ line }) => line.includes(' /overload')).length;
  expectation(failures.length <= overloads, `answered ${failures.join(', ')}`);
  return { taken, statuses };
}

/** However the wire cuts the bytes: the same requests, in their order, until the connection ends; that may be sooner. */
function compare(whole: readonly Taken[], pieces: readonly Taken[]): void {
  for (const [index, one] of whole.entries()) {
    const other = pieces[index];
    if (!other) return;
    expectation(one.line === other.line, `whole: ${one.line}, in pieces: ${other.line}`);
    if (one.body !== undefined && other.body !== undefined) {
      expectation(one.body === other.body, 'the same body whole and in pieces');
    }
  }
}

const name = fc.constantFrom('x-a', 'content-length', 'transfer-encoding', 'expect', 'connection', 'host', 'upgrade');
const value = fc.constantFrom(
  '1',
  '0',
  '5',
  'chunked',
  'gzip, chunked',
  'close',
  '100-continue',
  'keep-alive',
  '',
  '\0',
);
const structured = fc
  .array(
    fc.record({
      method: fc.constantFrom('GET', 'PUT', 'POST', 'HEAD', 'DELETE', 'OPTIONS', 'CONNECT', 'BREW'),
      target: fc.constantFrom('/read/k', '/refuse', '/overload', '*', 'http://localhost/read/k'),
      headers: fc.array(fc.tuple(name, value), { maxLength: 4 }),
      body: fc.oneof(
        fc.constantFrom('', 'hello', '5\r\nhello\r\n0\r\n\r\n', '5;x\r\nhello\r\n'),
        fc.string({ maxLength: 40 }),
      ),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((requests) =>
    Buffer.concat(
      requests.map(({ method, target, headers, body }) => {
        const lines = headers.map(([header, text]) => `${header}: ${text}\r\n`).join('');
        return Buffer.from(`${method} ${target} HTTP/1.1\r\nhost: localhost\r\n${lines}\r\n${body}`);
      }),
    ),
  );

/**
 * Bytes on a connection to a listener: every connection comes to its end, nothing is answered with a failure of the
 * server, no request is left behind, and how the bytes are cut does not change what the requests are.
 */
const target: FuzzTarget = {
  name: 'http',
  corpus: new URL('corpus/http/', import.meta.url),
  most: 96 * 1024,
  parsers: [
    'apps/gateway/src/listen/listener.ts',
    'apps/gateway/src/listen/incoming.ts',
    'apps/gateway/src/listen/linger.ts',
    'apps/gateway/src/respond/respond.ts',
    'apps/gateway/src/respond/overload.ts',
  ],
  tokens: [
    'content-length: 5\r\n',
    'content-length: 6\r\n',
    'transfer-encoding: chunked\r\n',
    'transfer-encoding: identity\r\n',
    'connection: close\r\n',
    'expect: 100-continue\r\n',
    'GET /read/k HTTP/1.1\r\nhost: x\r\n\r\n',
    'PUT /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n',
    'HTTP/1.0',
    'HTTP/2.0',
    '0\r\n\r\n',
    'ffffffffffffffff\r\n',
    '5\r\nhello\r\n',
    '\n',
    '\r',
    '\t',
    ': ',
  ],
  structured,
  mustSee: ['200', '400', '403', '417', '503', 'nothing'],
  limitMs: 2_000,
  async start() {
    const server: Server = await listen({
      host: '127.0.0.1',
      port: 0,
      idleTimeoutMs: 60_000,
      requestTimeoutMs: 60_000,
      maxConnections: 64,
      unreadable: () => undefined,
      handle: take,
    });
    port = (server.address() as AddressInfo).port;
    budget = new BodyBudget(BUDGET);
    return async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
  },
  async run(input) {
    const whole = await send([input]);
    const pieces = await send(inPieces(input, PIECES * 8));
    compare(whole.taken, pieces.taken);
    // Interim answers tell nothing of the outcome.
    return whole.statuses.find((status) => !status.startsWith('1')) ?? 'nothing';
  },
};
export default target;
