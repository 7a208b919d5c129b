import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Keys } from './clients.ts';
import { rootKeys } from './clients.ts';
import { sha256 } from './data.ts';
import { stack } from './stack.ts';
import type { Sending, Wire } from './wire.ts';
import { send } from './wire.ts';

class NodeSha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
  }
  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
  reset(): void {
    throw new Error('not used');
  }
}

export interface Signing {
  readonly method?: string;
  /** Path as it goes on the wire, already percent-encoded, e.g. `/bucket/a%20key`. */
  readonly path: string;
  /** Decoded query parameters. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Value of `x-amz-content-sha256`; by default the hash of the body. */
  readonly contentSha256?: string;
  readonly keys?: Keys;
  readonly date?: Date;
  readonly region?: string;
  readonly service?: string;
  readonly https?: boolean;
  readonly host?: string;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function withQuery(path: string, query: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(query);
  return entries.length === 0
    ? path
    : `${path}?${entries.map(([k, v]) => `${encode(k)}=${encode(String(v))}`).join('&')}`;
}

function signer({ keys, region, service }: Signing): SignatureV4 {
  return new SignatureV4({
    credentials: keys ?? rootKeys(),
    region: region ?? stack().region,
    service: service ?? 's3',
    sha256: NodeSha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
}

function hostOf({ host, https }: Signing): string {
  return host ?? new URL(https ? stack().httpsEndpoint! : stack().endpoint).host;
}

function request(signing: Signing, headers: Record<string, string>) {
  return {
    method: signing.method ?? 'GET',
    protocol: signing.https ? 'https:' : 'http:',
    hostname: hostOf(signing),
    path: signing.path,
    query: { ...signing.query },
    headers,
  };
}

/** A request signed in its headers, ready to be sent or to be broken first. */
export async function signed(signing: Signing): Promise<Sending> {
  const body = signing.body ?? '';
  const headers = {
    host: hostOf(signing),
    'x-amz-content-sha256': signing.contentSha256 ?? sha256(body),
    ...signing.headers,
  };
  const done = await signer(signing).sign(request(signing, headers), {
    ...(signing.date && { signingDate: signing.date }),
  });
  return {
    method: done.method,
    target: withQuery(signing.path, signing.query ?? {}),
    headers: { 'content-length': String(Buffer.byteLength(body)), ...done.headers },
    body,
    ...(signing.https && { https: true }),
  };
}

/** Signs and sends. */
export async function call(signing: Signing): Promise<Wire> {
  return await send(await signed(signing));
}

/** The target (path and query) of a presigned SigV4 URL. */
export async function presignedTarget(signing: Signing & { expires?: number }): Promise<string> {
  const done = await signer(signing).presign(
    request(signing, { host: hostOf(signing), 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...signing.headers }),
    {
      expiresIn: signing.expires ?? 900,
      ...(signing.date && { signingDate: signing.date }),
    },
  );
  return withQuery(signing.path, done.query ?? {});
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Signs the chunks of a `STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER]` body, from the fact that its headers are signed. */
export class ChunkSigner {
  readonly #key: Buffer;
  readonly #date: string;
  readonly #scope: string;
  #previous: string;

  constructor(headers: Sending['headers'], keys: Keys = rootKeys()) {
    const authorization = String(headers['authorization']);
    const [, ...scope] = /Credential=([^,]+),/.exec(authorization)![1]!.split('/');
    this.#scope = scope.join('/');
    this.#previous = /Signature=([0-9a-f]{64})/.exec(authorization)![1]!;
    this.#date = String(headers['x-amz-date']);
    this.#key = scope.reduce<Buffer | string>((key, part) => hmac(key, part), `AWS4${keys.secretAccessKey}`) as Buffer;
  }

  #next(kind: string, ...rest: string[]): string {
    const text = [`AWS4-HMAC-SHA256-${kind}`, this.#date, this.#scope, this.#previous, ...rest].join('\n');
    this.#previous = hmac(this.#key, text).toString('hex');
    return this.#previous;
  }

  /** One chunk, framing included; an empty one ends the body. Without the closing CRLF when `open` (a trailer follows). */
  chunk(data: Buffer, options: { open?: boolean; signature?: string } = {}): Buffer {
    const signature = this.#next('PAYLOAD', sha256(''), sha256(data));
    const head = `${data.length.toString(16)};chunk-signature=${options.signature ?? signature}\r\n`;
    return Buffer.concat([Buffer.from(head), data, Buffer.from(options.open ? '' : '\r\n')]);
  }

  /** The trailer section with its signature. */
  trailer(name: string, value: string, options: { signature?: string } = {}): Buffer {
    const signature = this.#next('TRAILER', sha256(`${name}:${value}\n`));
    return Buffer.from(`${name}:${value}\r\nx-amz-trailer-signature:${options.signature ?? signature}\r\n\r\n`);
  }
}
