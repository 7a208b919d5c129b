import type { S3Client } from '@aws-sdk/client-s3';
import { S3Client as Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Keys } from '../harness/clients.ts';
import type { Received } from './journal.ts';

type Handle = NodeHttpHandler['handle'];

/** Notes the request id of every response, refusals and broken bodies included. */
export class WatchingHandler extends NodeHttpHandler {
  constructor(
    private readonly note: (received: Received) => void,
    timeoutMs: number,
  ) {
    super({ requestTimeout: timeoutMs, throwOnRequestTimeout: true, connectionTimeout: 3_000 });
  }

  override async handle(...args: Parameters<Handle>): ReturnType<Handle> {
    const [request] = args;
    const result = await super.handle(...args);
    const { headers, statusCode } = result.response;
    // IAM and STS name it otherwise than S3.
    const requestId = headers['x-amz-request-id'] ?? headers['x-amzn-requestid'];
    if (requestId !== undefined) {
      this.note({ requestId, status: statusCode, what: `${request.method} ${request.path}` });
    }
    return result;
  }
}

export interface Target {
  readonly endpoint: string;
  readonly region: string;
  readonly keys: Keys;
}

/** A client of the SDK that never repeats by itself and tells what came back. */
export function watchedClient(
  target: Target,
  note: (received: Received) => void,
  attempts = 1,
  timeoutMs = 20_000,
): S3Client {
  return new Client({
    endpoint: target.endpoint,
    region: target.region,
    credentials: { ...target.keys },
    forcePathStyle: true,
    maxAttempts: attempts,
    requestHandler: new WatchingHandler(note, timeoutMs),
  });
}

/**
 * What an attempt came to. `refused`: the server said no, so nothing happened. `unsure`: no answer, or one that leaves
 * open what happened (5xx).
 */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly output: T }
  | { readonly kind: 'refused'; readonly code: string; readonly status: number }
  | { readonly kind: 'unsure'; readonly reason: string };

export async function outcomeOf<T>(attempt: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { kind: 'done', output: await attempt() };
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    const status = $metadata?.httpStatusCode;
    if (status !== undefined && status >= 400 && status < 500) return { kind: 'refused', code: name, status };
    return { kind: 'unsure', reason: `${status ?? ''} ${name} ${message}` };
  }
}
