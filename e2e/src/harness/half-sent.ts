import { request as httpRequest } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { stack } from './stack.ts';
import type { Sending, Wire } from './wire.ts';
import { answerTo } from './wire.ts';

/** A request of which only a part has been sent. */
export interface HalfSent {
  /** Sends the rest of the body. */
  finish(): void;
  /** Closes the connection (FIN), whatever is still on its way. */
  cut(): void;
  /** Breaks the connection off (RST). */
  reset(): void;
  /** The answer, or undefined when none came in that time. */
  answerWithin(ms: number): Promise<Wire | undefined>;
  /** The answer; throws when the connection breaks first. */
  readonly answer: Promise<Wire>;
}

/** Sends the head of a request and the first bytes of its body, over a connection of its own. */
export async function halfSend(
  { method, target, headers, body = '' }: Sending,
  firstBytes = 5,
  endpoint = stack().endpoint,
): Promise<HalfSent> {
  const url = new URL(endpoint);
  const bytes = Buffer.from(body);
  const request = httpRequest({
    host: url.hostname,
    port: url.port,
    agent: false,
    method,
    path: target,
    headers: {
      ...(headers['transfer-encoding'] === undefined && { 'content-length': String(bytes.length) }),
      ...headers,
    },
  });
  const answer = answerTo(request);
  // Whoever waits for the answer gets the failure; nobody has to.
  answer.catch(() => undefined);
  request.flushHeaders();
  await new Promise<void>((resolve) => {
    request.once('error', () => resolve());
    request.write(bytes.subarray(0, firstBytes), () => resolve());
  });
  return {
    finish: () => void request.end(bytes.subarray(firstBytes)),
    cut: () => void request.destroy(),
    reset: () => void (request.socket?.resetAndDestroy() ?? request.destroy()),
    answerWithin: (ms) => Promise.race([answer.catch(() => undefined), pause(ms, undefined, { ref: false })]),
    answer,
  };
}
