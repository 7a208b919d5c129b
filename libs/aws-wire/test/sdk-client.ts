import { Readable } from 'node:stream';
import { createRequire } from 'node:module';
import type { Api } from '../src/api.ts';
import type { WireResponse } from '../src/codec-types.ts';
import type { RequestHeaders } from '../src/routing/types.ts';

/** A request as the SDK's HTTP handler is given it, before any socket. */
export interface SentRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: RequestHeaders;
  readonly body: Buffer | undefined;
}

interface HandlerRequest {
  method: string;
  hostname: string;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
}

type Answer = (request: SentRequest) => WireResponse;
type Client = { send(command: unknown): Promise<Record<string, unknown>> };
type Constructor = new (settings: Record<string, unknown>) => unknown;

const CLIENTS: Record<Api, string> = {
  s3: 'S3Client',
  's3-control': 'S3ControlClient',
  kms: 'KMSClient',
  glacier: 'GlacierClient',
  cloudtrail: 'CloudTrailClient',
  iam: 'IAMClient',
  sts: 'STSClient',
};

const require = createRequire(import.meta.url);

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

function targetOf(request: HandlerRequest): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(request.query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      parts.push(one === null || one === '' ? encode(name) : `${encode(name)}=${encode(one)}`);
    }
  }
  return parts.length > 0 ? `${request.path}?${parts.join('&')}` : request.path;
}

function bodyOf(body: unknown): Buffer | undefined {
  if (typeof body === 'string') return Buffer.from(body);
  return body instanceof Uint8Array ? Buffer.from(body) : undefined;
}

/** Thrown to end a call whose answer does not matter. */
export class Captured extends Error {}

/** A real SDK client whose requests go to a function instead of a socket. */
export class SdkClient {
  readonly #module: Record<string, Constructor>;
  readonly #client: Client;
  #answer: Answer = () => ({ status: 200, headers: {} });

  constructor(api: Api) {
    this.#module = require(`@aws-sdk/client-${api}`) as Record<string, Constructor>;
    const client = this.#module[CLIENTS[api]];
    if (!client) throw new Error(`no client for ${api}`);
    this.#client = new client({
      region: 'us-east-1',
      // S3 Control puts the account id before the host, which an address does not stand.
      endpoint: api === 's3-control' ? 'http://localhost:9010' : 'http://127.0.0.1:9010',
      forcePathStyle: true,
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not-a-secret' },
      requestHandler: { handle: (request: HandlerRequest) => this.#handle(request) },
    }) as Client;
  }

  #handle(request: HandlerRequest): Promise<unknown> {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = String(value);
    const {
      status,
      headers: sent,
      body,
    } = this.#answer({
      method: request.method,
      target: targetOf(request),
      headers,
      body: bodyOf(request.body),
    });
    const lower: Record<string, string> = {};
    for (const [name, value] of Object.entries(sent)) lower[name.toLowerCase()] = String(value);
    const stream = Readable.from(body === undefined ? [] : [Buffer.from(body)]);
    return Promise.resolve({ response: { statusCode: status, headers: lower, body: stream } });
  }

  /** Sends one operation, answered by `answer`. */
  call(operation: string, input: Record<string, unknown>, answer: Answer): Promise<Record<string, unknown>> {
    const command = this.#module[`${operation}Command`];
    if (!command) throw new Error(`no command for ${operation}`);
    this.#answer = answer;
    return this.#client.send(new command(input));
  }

  /** The request that an input becomes. */
  async capture(operation: string, input: Record<string, unknown>): Promise<SentRequest> {
    let sent: SentRequest | undefined;
    try {
      await this.call(operation, input, (request) => {
        sent = request;
        throw new Captured();
      });
    } catch (error) {
      if (!(error instanceof Captured)) throw error;
    }
    if (!sent) throw new Error(`${operation} sent nothing`);
    return sent;
  }
}
