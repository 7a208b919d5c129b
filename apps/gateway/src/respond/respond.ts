import type { ServerResponse } from 'node:http';
import { finished, pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type { WireResponse } from '@coffer/aws-wire';
import type { Incoming } from '../listen/incoming.ts';
import { withoutDeclaration } from './whitespace.ts';

/** How long an answer may take to be read by a client that still sends its own body. */
const LINGER_MS = 2_000;

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer | undefined;
  readonly stream?: Readable | undefined;
  /** Bytes of `stream`. */
  readonly length?: number | undefined;
}

/** Joins what the codec wrote with an operation's own headers. Header names of the latter win, whatever their case. */
export function mergeHeaders(
  wire: WireResponse['headers'],
  ...others: Readonly<Record<string, string>>[]
): Reply['headers'] {
  const merged = new Map<string, [string, string | string[]]>();
  for (const headers of [wire, ...others]) {
    for (const [name, value] of Object.entries(headers)) merged.set(name.toLowerCase(), [name, value]);
  }
  return Object.fromEntries(merged.values());
}

export interface Sent {
  readonly bytes: number;
  /** The client went away, or the bytes broke off, before the answer was whole. */
  readonly interrupted: boolean;
}

/** Writes the answer. Never throws: a connection that broke is a fact for the record. */
export async function respond(incoming: Incoming, response: ServerResponse, reply: Reply): Promise<Sent> {
  if (response.destroyed) {
    reply.stream?.destroy();
    return { bytes: 0, interrupted: true };
  }
  const { message } = incoming;
  const unread = !message.complete && !message.readableEnded && hasBody(incoming);
  if (unread) response.shouldKeepAlive = false;
  const bodiless = incoming.method === 'HEAD' || reply.status === 204 || reply.status === 304;
  // Bytes, not text: Node writes head and text together as UTF-8, and would encode header values twice.
  const body = bodiless || reply.body === undefined ? undefined : bytesOf(reply.body);
  let sent = 0;
  try {
    if (response.headersSent) {
      // A sign of life went out before: the status is sent, and what is left is the body.
      const rest = withoutDeclaration(String(reply.body ?? ''));
      await finish(response, rest);
      return { bytes: Buffer.byteLength(rest), interrupted: false };
    }
    response.writeHead(reply.status, lengthened(reply, body, bodiless));
    if (reply.stream && !bodiless) {
      const flowing = pipeline(reply.stream, response);
      reply.stream.on('data', (chunk: Buffer) => {
        sent += chunk.length;
      });
      await flowing;
      return { bytes: sent, interrupted: false };
    }
    reply.stream?.destroy();
    await finish(response, body);
    if (unread) letGo(incoming);
    return { bytes: body?.length ?? 0, interrupted: false };
  } catch {
    reply.stream?.destroy();
    response.destroy();
    return { bytes: sent, interrupted: true };
  }
}

/**
 * Headers with the length of what follows. It comes last: Node reads a Content-Disposition that stands behind it as
 * something else than the latin1 text that all header values are.
 */
function lengthened(
  reply: Reply,
  body: Buffer | undefined,
  bodiless: boolean,
): Record<string, string | string[] | number> {
  const headers: Record<string, string | string[] | number> = {};
  let announced: string | string[] | undefined;
  for (const [name, value] of Object.entries(reply.headers)) {
    if (name.toLowerCase() === 'content-length') announced = value;
    else headers[name] = value;
  }
  const length = reply.stream ? (reply.length ?? 0) : (body?.length ?? (bodiless ? announced : 0));
  return length === undefined ? headers : { ...headers, 'Content-Length': length };
}

function bytesOf(body: string | Buffer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

async function finish(response: ServerResponse, body: string | Buffer | undefined): Promise<void> {
  const done = finished(response);
  response.end(body);
  await done;
}

function hasBody({ headers }: Incoming): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Reads on for a moment so that the client sees the answer instead of a reset, then closes. */
function letGo({ message }: Incoming): void {
  message.on('error', () => undefined);
  message.resume();
  setTimeout(() => message.destroy(), LINGER_MS).unref();
}
