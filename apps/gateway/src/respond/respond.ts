import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type { WireResponse } from '@coffer/aws-wire';
import type { Incoming } from '../listen/incoming.ts';
import { linger } from '../listen/linger.ts';
import { withoutDeclaration } from './whitespace.ts';

const LENGTH = 'content-length';

/** Headers in the order in which they go out, each name once. */
export type HeaderList = readonly (readonly [name: string, value: string | string[]])[];

export interface Reply {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body?: string | Buffer | undefined;
  readonly stream?: Readable | undefined;
  /** Bytes of `stream`. */
  readonly length?: number | undefined;
}

/** Joins what the codec wrote with an operation's own headers. Header names of the latter win, whatever their case. */
export function mergeHeaders(wire: WireResponse['headers'], ...others: Readonly<Record<string, string>>[]): HeaderList {
  const merged: [string, string | string[]][] = Object.entries(wire);
  for (const headers of others) {
    for (const header of Object.entries(headers)) {
      const lower = header[0].toLowerCase();
      const at = merged.findIndex(([name]) => name.length === lower.length && name.toLowerCase() === lower);
      merged[at < 0 ? merged.length : at] = header;
    }
  }
  return merged;
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
      const flowing = pipeline(reply.stream, response, { end: !unread });
      reply.stream.on('data', (chunk: Buffer) => {
        sent += chunk.length;
      });
      await flowing;
      if (unread) linger(message, response);
      return { bytes: sent, interrupted: false };
    }
    reply.stream?.destroy();
    await (unread ? handOver : finish)(response, body);
    if (unread) linger(message, response);
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
function lengthened(reply: Reply, body: Buffer | undefined, bodiless: boolean): (string | string[])[] {
  const headers: (string | string[])[] = [];
  let announced: string | string[] | undefined;
  for (const [name, value] of reply.headers) {
    if (name.length === LENGTH.length && name.toLowerCase() === LENGTH) announced = value;
    else headers.push(name, value);
  }
  const length = reply.stream ? (reply.length ?? 0) : (body?.length ?? (bodiless ? announced : 0));
  if (length !== undefined) headers.push('Content-Length', typeof length === 'number' ? String(length) : length);
  return headers;
}

function bytesOf(body: string | Buffer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

/** Ends the answer; rejects when the connection is gone before all of it was handed to the system. */
function finish(response: ServerResponse, body: string | Buffer | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    response.once('finish', resolve);
    response.once('close', () => {
      // Each answer is closed in the end; the trace of an error costs more than the rest of this.
      if (!response.writableFinished) reject(new Error('the connection closed before the answer was whole'));
    });
    response.once('error', reject);
    response.end(body);
  });
}

/** As `finish`, but without the end of the response, with which Node closes a connection that is not kept. */
function handOver(response: ServerResponse, body: string | Buffer | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    response.once('close', () => reject(new Error('the connection closed before the answer was whole')));
    response.once('error', reject);
    response.flushHeaders();
    if (body === undefined || body.length === 0) resolve();
    else response.write(body, (error) => (error ? reject(error) : resolve()));
  });
}

function hasBody({ headers }: Incoming): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
