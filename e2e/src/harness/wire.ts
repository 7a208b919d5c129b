import { connect } from 'node:net';
import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import { request as httpRequest } from 'node:http';
import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { stack } from './stack.ts';

/** A response as it came over the wire. */
export interface Wire {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** The flat elements of an S3 error document: `Code`, `Message` and the extras. Empty when it is none. */
  readonly error: Readonly<Record<string, string>>;
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescape(text: string): string {
  return text
    .replace(/&#x([0-9a-f]+);/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replace(/&#(\d+);/g, (_, decimal: string) => String.fromCodePoint(Number(decimal)))
    .replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => ENTITIES[name]!);
}

function errorFields(text: string): Record<string, string> {
  const document = /<Error>([\s\S]*)<\/Error>/.exec(text)?.[1];
  if (document === undefined) return {};
  return Object.fromEntries(
    [...document.matchAll(/<([A-Za-z0-9-]+)>([^<]*)<\/\1>/g)].map(([, name, value]) => [name!, unescape(value!)]),
  );
}

export function wire(status: number, headers: IncomingHttpHeaders, body: Buffer): Wire {
  const text = body.toString();
  return { status, headers, body, text, error: errorFields(text) };
}

export interface Sending {
  readonly method: string;
  /** Path and query exactly as they go into the request line. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: Buffer | string;
  readonly https?: boolean;
}

/** The answer to a request; rejects when the connection breaks before it is complete. */
export function answerTo(request: ClientRequest): Promise<Wire> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(wire(response.statusCode!, response.headers, Buffer.concat(chunks))));
    });
  });
}

/**
 * Sends a request through Node's own client, which changes neither path nor headers; `host` is in the headers. Over a
 * connection of its own.
 */
export function sendTo(endpoint: string, { method, target, headers, body }: Sending, ca?: Buffer): Promise<Wire> {
  const { hostname, port, protocol } = new URL(endpoint);
  const options = { host: hostname, port, agent: false, method, path: target, headers: { ...headers } };
  const request =
    protocol === 'https:'
      ? httpsRequest({ ...options, servername: 'localhost', ...(ca && { ca }) })
      : httpRequest(options);
  const answer = answerTo(request);
  // A server that refuses early may close before the body is written; the response still counts.
  request.end(body);
  return answer;
}

/** As `sendTo`, to the shared stack. */
export function send(sending: Sending): Promise<Wire> {
  const { endpoint, httpsEndpoint, caBundle } = stack();
  if (!sending.https) return sendTo(endpoint, sending);
  return sendTo(httpsEndpoint!, sending, caBundle === undefined ? undefined : readFileSync(caBundle));
}

export interface RawResult {
  /** The first response, undefined when the server closed without one. */
  readonly response: Wire | undefined;
  /** All bytes that came. */
  readonly received: Buffer;
}

function parse(received: Buffer): Wire | undefined {
  let text = received.toString('latin1');
  // Interim answers (100 Continue) come before the real one.
  for (
    let interim = /^HTTP\/1\.1 1\d\d[^\r]*\r\n(?:[^\r]+\r\n)*\r\n/.exec(text);
    interim;
    interim = /^HTTP\/1\.1 1\d\d[^\r]*\r\n(?:[^\r]+\r\n)*\r\n/.exec(text)
  ) {
    text = text.slice(interim[0].length);
  }
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first, ...lines] = text.slice(0, end).split('\r\n');
  const headers: IncomingHttpHeaders = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  let body = text.slice(end + 4);
  if (headers['transfer-encoding'] === 'chunked') {
    let joined = '';
    for (let size = Number.parseInt(body, 16); size > 0; size = Number.parseInt(body, 16)) {
      const start = body.indexOf('\r\n') + 2;
      joined += body.slice(start, start + size);
      body = body.slice(start + size + 2);
    }
    body = joined;
  }
  return wire(Number(first!.split(' ')[1]), headers, Buffer.from(body, 'latin1'));
}

/**
 * Writes bytes to the plain HTTP port as they are; a number between them is a pause in milliseconds.
 * @param end what to do after the last byte: wait for the answer, end our side (FIN), or cut (RST)
 */
export async function raw(
  parts: readonly (Buffer | string | number)[],
  end: 'wait' | 'fin' | 'cut' = 'wait',
  waitMs = 20_000,
): Promise<RawResult> {
  const url = new URL(stack().endpoint);
  const socket = connect(Number(url.port), url.hostname);
  const chunks: Buffer[] = [];
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.on('error', () => resolve());
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const answer = parse(Buffer.concat(chunks));
      const length = answer?.headers['content-length'];
      if (answer && (length === undefined ? answer.text.endsWith('>') : answer.body.length >= Number(length)))
        resolve();
    });
  });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  for (const part of parts) {
    if (socket.destroyed) break;
    if (typeof part === 'number') await pause(part);
    else await new Promise<void>((resolve) => socket.write(part, () => resolve()));
  }
  if (end === 'cut') socket.resetAndDestroy();
  else {
    if (end === 'fin') socket.end();
    await Promise.race([closed, pause(waitMs, undefined, { ref: false })]);
    socket.destroy();
  }
  const received = Buffer.concat(chunks);
  return { response: parse(received), received };
}
