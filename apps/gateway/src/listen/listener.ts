import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Duplex } from 'node:stream';

export interface ListenOptions {
  host: string;
  port: number;
  /** Other processes of the same user may listen on the same port, each with connections of its own. */
  sharedPort?: boolean;
  tls?: { cert: Buffer; key: Buffer };
  idleTimeoutMs: number;
  requestTimeoutMs: number;
  /** Connections at once, idle ones included; more are closed as they come. */
  maxConnections: number;
  handle: (message: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => void;
  /** The bytes on the connection were no HTTP request that can be answered as S3 does. */
  unreadable: (reason: string) => void;
}

/** Emitted on a request whose client closed its sending side in the middle of the body. */
export const BODY_ENDED_EARLY = 'coffer:ended-early';
const endedEarly = new WeakSet<IncomingMessage>();

/** True once the body is known to stay incomplete; the event may be over before anybody reads the body. */
export function hasEndedEarly(message: IncomingMessage): boolean {
  return endedEarly.has(message);
}

const ending = new WeakSet<Duplex>();

/** The answer under way is the connection's last, and says so: what a client sends behind its request is no request. */
export function takeNoMore(socket: Duplex): void {
  ending.add(socket);
}

/** Node's parser: the connection ended within a message. */
const ENDED_EARLY = 'HPE_INVALID_EOF_STATE';

/** Header lines together; S3 allows 8 KiB and the request line of a presigned URL comes on top. */
const MAX_HEAD_BYTES = 32 * 1024;
const HEAD_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADERS = 200;
/** Connections that wait to be accepted; the system has a bound of its own. Past it clients see resets. */
const BACKLOG = 4096;

/** Opens one public listener and resolves when it accepts connections. */
export async function listen(options: ListenOptions): Promise<Server> {
  const settings = {
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: options.requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 5_000,
    noDelay: true,
    insecureHTTPParser: false,
    highWaterMark: 256 * 1024,
  };
  const server: Server = options.tls
    ? createSecureServer({ ...settings, ...options.tls, minVersion: 'TLSv1.2' })
    : createServer(settings);
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = options.maxConnections;
  server.timeout = options.idleTimeoutMs;
  const take = (message: IncomingMessage, response: ServerResponse, expects: boolean) => {
    if (!ending.has(message.socket)) options.handle(message, response, expects);
  };
  server.on('request', (message, response) => take(message, response, false));
  server.on('checkContinue', (message, response) => take(message, response, true));
  server.on('checkExpectation', (_message, response: ServerResponse) => {
    options.unreadable('expectation');
    response.writeHead(417, { connection: 'close' }).end();
  });
  const reading = new WeakMap<Duplex, { message: IncomingMessage; response: ServerResponse }>();
  server.on('request', (message, response) => reading.set(message.socket, { message, response }));
  server.on('checkContinue', (message, response) => reading.set(message.socket, { message, response }));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const { message, response } = reading.get(socket) ?? {};
    if (error.code === ENDED_EARLY && message && !message.complete) {
      // The client has sent its last byte too early, but may still read: the request's own answer tells it so.
      endedEarly.add(message);
      message.emit(BODY_ENDED_EARLY);
      // Answered already, without its body: nobody else would close the connection.
      if (response?.writableEnded) socket.end();
      return;
    }
    refuse(error, socket);
    options.unreadable(error.code ?? 'unreadable');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const { port, host, sharedPort = false } = options;
    server.listen({ port, host, reusePort: sharedPort, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}

/** Answers what the HTTP parser could not read, in the shape that S3 clients know. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, code, words] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [
          '400 Bad Request',
          'RequestHeaderSectionTooLarge',
          'Your request header section exceeds the maximum allowed size.',
        ]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [
            '400 Bad Request',
            'RequestTimeout',
            'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.',
          ]
        : ['400 Bad Request', 'BadRequest', 'The request is not a valid HTTP request.'];
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${words}</Message></Error>`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/xml\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
