import type { IncomingMessage, ServerResponse } from 'node:http';
import { BODY_ENDED_EARLY, hasEndedEarly, takeNoMore } from './listener.ts';

/** A single upload, or a part of one, as most clients send it fits several times over. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Shorter than the time for requests under way once the process is told to stop. */
const MAX_MS = 15_000;
/** A client that reads its answer stops sending, and one that is held up in sending goes on at once. */
const IDLE_MS = 2_000;

/**
 * Ends a response that is wholly written but for its end, on a connection on which the request's body still comes: what
 * comes is read and dropped for a while. A connection closed with bytes unread is reset by the system, and a reset takes
 * the answer away from a client that has not read it yet, as those that send all of their body first.
 *
 * Such a connection keeps no place among the requests under way; the number of connections is its bound.
 */
export function linger(message: IncomingMessage, response: ServerResponse): void {
  takeNoMore(message.socket);
  let bytes = 0;
  const end = () => {
    clearTimeout(whole);
    clearTimeout(idle);
    message.off('data', drop);
    response.end();
  };
  const whole = setTimeout(end, MAX_MS).unref();
  const idle = setTimeout(end, IDLE_MS).unref();
  const drop = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) end();
    else idle.refresh();
  };
  if (message.readableEnded || message.destroyed || hasEndedEarly(message)) {
    end();
    return;
  }
  message.on('error', () => undefined);
  for (const over of ['end', 'close', BODY_ENDED_EARLY]) message.once(over, end);
  message.on('data', drop);
  message.resume();
}
