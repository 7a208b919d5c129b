import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasLongBody } from '../listen/body-length.ts';
import { linger } from '../listen/linger.ts';

const BODY = Buffer.from(
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>',
);
const HEADERS = ['Content-Type', 'application/xml', 'Content-Length', String(BODY.length), 'Retry-After', '1'];

/**
 * The cheapest possible 503 SlowDown: nothing of the request is read, nothing is asked of anybody. The connection stays,
 * since a new one for each attempt would cost more than the answer; one on which a long body comes, or may come, is closed.
 */
export function slowDown(message: IncomingMessage, response: ServerResponse): void {
  const mayCome = hasLongBody(message) || message.headers.expect !== undefined;
  if (mayCome) response.shouldKeepAlive = false;
  response.writeHead(503, HEADERS);
  if (!mayCome) {
    response.end(BODY);
    return;
  }
  response.write(BODY);
  linger(message, response);
}
