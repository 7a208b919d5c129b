import type { IncomingMessage } from 'node:http';

/** Bodies up to this many bytes are there with their head, or in a moment. */
const BRIEF_BYTES = 64 * 1024;

/** Whether a request brings a body that takes its client more than a moment to send. */
export function hasLongBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > BRIEF_BYTES;
}
