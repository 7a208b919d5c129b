import type { ServerResponse } from 'node:http';
import { escapeXml } from '@coffer/aws-wire';

const RETRY_AFTER_S = 1;

/** The cheapest possible 503 SlowDown: nothing of the request is read, nothing is asked of anybody. */
export function slowDown(response: ServerResponse): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>SlowDown</Code><Message>${escapeXml('Please reduce your request rate.')}</Message></Error>`;
  response.writeHead(503, {
    'Content-Type': 'application/xml',
    'Content-Length': Buffer.byteLength(body),
    'Retry-After': String(RETRY_AFTER_S),
    Connection: 'close',
  });
  response.end(body);
}
