import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { newRequestId } from './request-id.ts';
import type { ProxyTrust } from './trusted-proxies.ts';

/** One request as it came in, before anything was read from it but its head. */
export interface Incoming {
  readonly id: string;
  /** Milliseconds since 1970, when the head had arrived. */
  readonly time: number;
  /** For durations: a clock that does not jump. */
  readonly started: number;
  readonly method: string;
  /** Path and query exactly as received. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly host: string | undefined;
  /** The client's address: the socket's, or what a trusted proxy says. */
  readonly remoteIp: string;
  /** The client's connection is encrypted: by this listener, or by a trusted proxy. */
  readonly secure: boolean;
  readonly tls: { version: string; cipher: string } | undefined;
  readonly message: IncomingMessage;
  /** Tells a client that waits with `Expect: 100-continue` to send its body; harmless when called again. */
  readonly wantBody: () => void;
  /** Aborted when the client goes away before its answer is whole. */
  readonly gone: AbortSignal;
}

export function readHead(
  message: IncomingMessage,
  response: ServerResponse,
  trust: ProxyTrust,
  expects: boolean,
): Incoming {
  const socket = message.socket as Partial<TLSSocket> & IncomingMessage['socket'];
  const encrypted = socket.encrypted === true;
  const peer = trust(socket.remoteAddress ?? '', message.headers, encrypted);
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  let waiting = expects;
  return {
    id: newRequestId(),
    time: Date.now(),
    started: performance.now(),
    method: message.method ?? 'GET',
    target: message.url ?? '/',
    headers: message.headers,
    host: message.headers.host,
    remoteIp: peer.address,
    secure: peer.secure,
    tls:
      encrypted && socket.getCipher
        ? { version: socket.getProtocol?.() ?? 'unknown', cipher: socket.getCipher().name }
        : undefined,
    message,
    wantBody: () => {
      if (!waiting) return;
      waiting = false;
      response.writeContinue();
    },
    gone: gone.signal,
  };
}
