import { createHash, type Hash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { type ChunkSigning, ChunkSignatureChain } from './chunk-signature.ts';
import { incompleteBody, invalidChunkSize, malformedTrailer } from './errors.ts';
import { canonicalTrailers, readTrailerLine, TRAILER_SIGNATURE } from './trailer.ts';

export interface AwsChunkedOptions {
  /** Bytes the body must have once decoded. */
  decodedLength: number;
  /** Present for bodies whose chunks are signed. */
  signed?: ChunkSigning;
  /** Lower-case names that must follow the last chunk, each exactly once; none for a body without trailers. */
  trailerNames?: readonly string[];
  /** Longest line before a chunk, in bytes. */
  maxChunkHeaderBytes?: number;
  /** All trailer lines together, in bytes. */
  maxTrailerBytes?: number;
}

const MIN_CHUNK_SIZE = 8192;
const LF = 0x0a;
const MALFORMED = 'The request body terminated unexpectedly';

type State = 'chunk-header' | 'data' | 'after-data' | 'trailers' | 'closing' | 'done';

/**
 * Decodes an aws-chunked body: wire bytes in, object bytes out. Nothing is gathered but lines; bytes of a chunk come
 * out before its signature is checked, so what was read counts only once the stream has ended without an error.
 *
 * Errors ({@link SignatureError}): 403 SignatureDoesNotMatch for a chunk or trailer, 400 InvalidChunkSizeError for a
 * chunk under 8 KiB that was not the last, 400 IncompleteBody for broken framing or a wrong total, 400
 * MalformedTrailerError.
 */
export class AwsChunkedDecoder extends Transform {
  /** Announced trailers by lower-case name; complete once the stream has ended. */
  readonly trailers: ReadonlyMap<string, string>;

  readonly #found = new Map<string, string>();
  readonly #announced: ReadonlySet<string>;
  readonly #chain: ChunkSignatureChain | undefined;
  readonly #maxChunkHeaderBytes: number;
  readonly #maxTrailerBytes: number;

  #state: State = 'chunk-header';
  #line: Buffer[] = [];
  #lineBytes = 0;
  #trailerBytes = 0;
  #trailerSignature: string | undefined;
  /** Object bytes that have not been announced by a chunk yet. */
  #unannounced: number;
  #chunkNumber = 0;
  #chunkSize = 0;
  #chunkRemaining = 0;
  #chunkSignature = '';
  #chunkHash: Hash | undefined;

  constructor(options: AwsChunkedOptions) {
    super();
    this.trailers = this.#found;
    this.#announced = new Set(options.trailerNames ?? []);
    this.#chain = options.signed && new ChunkSignatureChain(options.signed);
    this.#maxChunkHeaderBytes = options.maxChunkHeaderBytes ?? 4096;
    this.#maxTrailerBytes = options.maxTrailerBytes ?? 8192;
    this.#unannounced = options.decodedLength;
  }

  override _transform(wire: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      this.#consume(wire);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      this.#end();
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  #consume(wire: Buffer): void {
    let offset = 0;
    while (offset < wire.length) {
      if (this.#state === 'done') throw incompleteBody(MALFORMED);
      if (this.#state === 'data') {
        const bytes = wire.subarray(offset, offset + this.#chunkRemaining);
        offset += bytes.length;
        this.#data(bytes);
        continue;
      }
      const end = wire.indexOf(LF, offset);
      const part = wire.subarray(offset, end < 0 ? wire.length : end + 1);
      offset += part.length;
      this.#gather(part);
      if (end >= 0) this.#takeLine();
    }
  }

  #data(bytes: Buffer): void {
    this.#chunkHash?.update(bytes);
    this.#chunkRemaining -= bytes.length;
    this.push(bytes);
    if (this.#chunkRemaining === 0) this.#state = 'after-data';
  }

  #gather(part: Buffer): void {
    this.#lineBytes += part.length;
    if (this.#state === 'trailers') {
      this.#trailerBytes += part.length;
      if (this.#trailerBytes > this.#maxTrailerBytes) throw malformedTrailer();
    } else {
      // What follows data or closes the body is an empty line.
      const limit = this.#state === 'chunk-header' ? this.#maxChunkHeaderBytes : 2;
      if (this.#lineBytes > limit) throw incompleteBody(MALFORMED);
    }
    this.#line.push(part);
  }

  #takeLine(): void {
    const text = Buffer.concat(this.#line).toString('latin1');
    this.#line = [];
    this.#lineBytes = 0;
    if (!text.endsWith('\r\n')) throw this.#state === 'trailers' ? malformedTrailer() : incompleteBody(MALFORMED);
    const line = text.slice(0, -2);
    if (this.#state === 'chunk-header') this.#chunkHeader(line);
    else if (this.#state === 'trailers') this.#trailerLine(line);
    else if (this.#state === 'after-data') this.#chunkEnd();
    else this.#state = 'done';
  }

  #chunkHeader(line: string): void {
    const [size = '', ...extensions] = line.split(';');
    if (!/^[0-9a-fA-F]{1,13}$/.test(size)) throw incompleteBody(MALFORMED);
    const bytes = Number.parseInt(size, 16);
    if (bytes > this.#unannounced) throw incompleteBody();
    if (bytes > 0 && this.#chunkNumber > 0 && this.#chunkSize < MIN_CHUNK_SIZE) {
      throw invalidChunkSize(this.#chunkNumber, this.#chunkSize);
    }
    this.#chunkNumber++;
    this.#chunkSize = bytes;
    this.#chunkRemaining = bytes;
    this.#unannounced -= bytes;
    if (this.#chain) {
      const extension = extensions.find((one) => one.startsWith('chunk-signature='));
      this.#chunkSignature = extension?.slice('chunk-signature='.length) ?? '';
      this.#chunkHash = createHash('sha256');
    }
    if (bytes > 0) {
      this.#state = 'data';
      return;
    }
    this.#verifyChunk();
    if (this.#unannounced > 0) throw incompleteBody();
    this.#state = this.#announced.size > 0 ? 'trailers' : 'closing';
  }

  #chunkEnd(): void {
    this.#verifyChunk();
    this.#state = 'chunk-header';
  }

  #verifyChunk(): void {
    if (this.#chunkHash) this.#chain?.verifyChunk(this.#chunkHash.digest('hex'), this.#chunkSignature);
    this.#chunkHash = undefined;
  }

  #trailerLine(line: string): void {
    if (line === '') {
      this.#finishTrailers();
      return;
    }
    const { name, value } = readTrailerLine(line);
    if (this.#chain && name === TRAILER_SIGNATURE && this.#trailerSignature === undefined) {
      this.#trailerSignature = value;
    } else if (this.#announced.has(name) && !this.#found.has(name) && this.#trailerSignature === undefined) {
      this.#found.set(name, value);
    } else {
      throw malformedTrailer();
    }
  }

  #finishTrailers(): void {
    if (this.#found.size < this.#announced.size) throw malformedTrailer();
    if (this.#chain) {
      if (this.#trailerSignature === undefined) throw malformedTrailer();
      this.#chain.verifyTrailers(canonicalTrailers(this.#found), this.#trailerSignature);
    }
    this.#state = 'done';
  }

  #end(): void {
    if (this.#state === 'done') return;
    // Some clients leave away the empty line that closes the body; nothing that counts is missing then.
    if (this.#lineBytes === 0 && this.#state === 'closing') return;
    if (this.#lineBytes === 0 && this.#state === 'trailers' && this.#trailerBytes > 0) {
      this.#finishTrailers();
      return;
    }
    throw incompleteBody(MALFORMED);
  }
}
