import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { Client } from 'minio';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { assertBlobId, isBlobId } from '../blob-id.ts';
import { assertListOptions, assertRange } from '../blob-store.ts';
import type { BlobBody, BlobEntry, BlobOptions, BlobRange, BlobStore } from '../blob-store.ts';
import { BlobError, rangeInvalid } from '../errors.ts';
import { ExactBody } from '../exact-body.ts';
import { responseError, storeError } from './responses.ts';

/** Lifetime of a signed URL in seconds. It is used at once; the time allows for clocks that differ. */
const URL_SECONDS = 900;
/** Longest wait for an answer once the request is out, and between two pieces of a body, in milliseconds. */
const ANSWER_MS = 60_000;
/** Longest time for a call without a body. */
const CALL_MS = 30_000;
const CHECK_MS = 5_000;
/** Shorter than the idle time after which MinIO closes a connection (30 s). */
const KEEP_ALIVE_MS = 10_000;
const CONNECTIONS = 512;

export interface MinioBlobStoreOptions {
  /** `http://host:port` or `https://host:port`. */
  endpoint: string;
  accessKey: string;
  secretKey: string;
  /** Made when absent. It must not be versioned: a deleted blob must be gone. */
  bucket: string;
  /** `us-east-1` unless told. */
  region?: string;
}

/**
 * Opens a store in a bucket of MinIO or another S3-compatible store that knows `If-None-Match` on PUT.
 *
 * @throws BlobError `BlobStoreUnavailable` when it cannot be reached or the bucket is versioned.
 */
export async function minioBlobStore(options: MinioBlobStoreOptions): Promise<BlobStore> {
  const store = new MinioBlobStore(options);
  try {
    await store.prepare();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/** Bytes go over signed URLs, unhashed and unbuffered; the client does what has no body. */
class MinioBlobStore implements BlobStore {
  readonly #client: Client;
  readonly #agent: HttpAgent;
  readonly #pool: Pool;
  readonly #bucket: string;
  readonly #region: string;

  constructor(options: MinioBlobStoreOptions) {
    const url = new URL(options.endpoint);
    const secure = url.protocol === 'https:';
    if ((!secure && url.protocol !== 'http:') || url.pathname !== '/' || url.search || url.username) {
      throw new TypeError('The endpoint of the blob store is http://host:port or https://host:port.');
    }
    this.#bucket = options.bucket;
    this.#region = options.region ?? 'us-east-1';
    this.#agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, timeout: KEEP_ALIVE_MS });
    this.#client = new Client({
      endPoint: url.hostname,
      port: Number(url.port) || (secure ? 443 : 80),
      useSSL: secure,
      accessKey: options.accessKey,
      secretKey: options.secretKey,
      region: this.#region,
      pathStyle: true,
      transportAgent: this.#agent,
      // Its retries write to the console, request details included; whether to try again is the caller's to say.
      retryOptions: { disableRetry: true },
    });
    this.#pool = new Pool(url.origin, {
      connections: CONNECTIONS,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
    });
  }

  /** Makes the bucket when it is absent, and refuses a versioned one. */
  async prepare(): Promise<void> {
    await this.#call(CALL_MS, async () => {
      if (!(await this.#client.bucketExists(this.#bucket))) await this.#makeBucket();
      const versioning = (await this.#client.getBucketVersioning(this.#bucket)) as { Status?: string } | string;
      if (typeof versioning === 'object' && versioning.Status) {
        throw new BlobError('BlobStoreUnavailable', 'The bucket of the blob store must not be versioned.', {
          retryable: false,
        });
      }
    });
  }

  /** Processes that start together for the first time all find it absent; one of them makes it. */
  async #makeBucket(): Promise<void> {
    try {
      await this.#client.makeBucket(this.#bucket, this.#region);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'BucketAlreadyOwnedByYou') throw error;
    }
  }

  async put(id: string, size: number, body: BlobBody, options: BlobOptions = {}): Promise<void> {
    assertBlobId(id);
    const source = new ExactBody(body, size, options);
    try {
      const response = await this.#request('PUT', id, options, {
        headers: { 'content-length': String(size), 'if-none-match': '*' },
        body: size === 0 ? await emptied(source) : settled(source),
      });
      if (response.statusCode !== 200) throw await responseError(id, response);
      await response.body.dump();
    } catch (error) {
      source.throwIfFailed();
      throw unavailable(error);
    } finally {
      source.close();
    }
  }

  async get(id: string, range?: BlobRange, options: BlobOptions = {}): Promise<Readable> {
    assertBlobId(id);
    assertRange(range);
    let response: Dispatcher.ResponseData;
    try {
      const headers: Record<string, string> = range ? { range: `bytes=${range.start}-${range.end}` } : {};
      response = await this.#request('GET', id, options, { headers, body: null });
    } catch (error) {
      options.signal?.throwIfAborted();
      throw unavailable(error);
    }
    if (response.statusCode !== (range ? 206 : 200)) throw await responseError(id, response);
    if (range && Number(response.headers['content-length']) !== range.end - range.start + 1) {
      // The store shortened the range to what the blob has.
      response.body.on('error', () => undefined).destroy();
      throw rangeInvalid(id);
    }
    return response.body;
  }

  async delete(id: string): Promise<void> {
    assertBlobId(id);
    await this.#call(CALL_MS, () => this.#client.removeObject(this.#bucket, nameOf(id)));
  }

  async list(options: { after?: string; limit: number }): Promise<BlobEntry[]> {
    assertListOptions(options);
    if (options.after !== undefined) assertBlobId(options.after);
    const after = options.after === undefined ? '' : nameOf(options.after);
    const entries: BlobEntry[] = [];
    let token = '';
    do {
      const missing = options.limit - entries.length;
      const page = await this.#call(CALL_MS, () =>
        this.#client.listObjectsV2Query(this.#bucket, '', token, '', missing, after),
      );
      for (const { name, size, lastModified } of page.objects) {
        const id = name?.replace('/', '-') ?? '';
        // Whatever else lies in the bucket is none of ours.
        if (isBlobId(id) && nameOf(id) === name)
          entries.push({ id, size: Number(size), modified: new Date(lastModified ?? 0) });
      }
      token = page.isTruncated ? page.nextContinuationToken : '';
    } while (token && entries.length < options.limit);
    return entries;
  }

  async check(): Promise<void> {
    const there = await this.#call(CHECK_MS, () => this.#client.bucketExists(this.#bucket));
    if (!there) throw storeError(404, 'NoSuchBucket');
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await this.#pool.destroy();
  }

  async #request(
    method: 'GET' | 'PUT',
    id: string,
    { signal }: BlobOptions,
    request: { headers: Record<string, string>; body: AsyncIterable<Uint8Array> | null },
  ): Promise<Dispatcher.ResponseData> {
    const url = await this.#client.presignedUrl(method, this.#bucket, nameOf(id), URL_SECONDS);
    const { pathname, search } = new URL(url);
    return this.#pool.request({
      method,
      path: `${pathname}${search}`,
      headers: request.headers,
      // undici takes any async iterable; its types name streams only.
      body: request.body as Readable | null,
      ...(signal ? { signal } : {}),
    });
  }

  /** Runs a call of the client with a deadline of its own, since the client has none. */
  async #call<T>(milliseconds: number, action: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(storeError(undefined, undefined)), milliseconds);
    });
    try {
      return await Promise.race([action(), late]);
    } catch (error) {
      throw unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** `2026112318-abc…` lies at `2026112318/abc…`: the order stays, and no folder of the server's disk grows too large. */
function nameOf(id: string): string {
  return id.replace('-', '/');
}

/** What undici gives its sockets as high-water mark: it waits until a chunk of this many bytes went out. */
const SOCKET_BYTES = 64 * 1024;

/**
 * A socket takes smaller chunks without waiting until they are out, so those are copied: their memory may change as soon
 * as the next one is asked for.
 */
async function* settled(source: ExactBody): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield chunk.length >= SOCKET_BYTES ? chunk : Buffer.from(chunk);
}

/** Reads a body that must be empty. */
async function emptied(source: ExactBody): Promise<null> {
  for await (const _ of source) continue;
  return null;
}

function unavailable(error: unknown): BlobError {
  if (error instanceof BlobError) return error;
  const fields = error as { code?: unknown; statusCode?: unknown };
  return storeError(
    typeof fields.statusCode === 'number' ? fields.statusCode : undefined,
    typeof fields.code === 'string' ? fields.code : undefined,
    error,
  );
}
