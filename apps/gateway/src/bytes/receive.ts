import type { Transform } from 'node:stream';
import { s3Error, type Body, type ChecksumAlgorithm } from '@coffer/contracts';
import { AwsChunkedDecoder, checkStreamingHeaders, contentSha256Mismatch } from '@coffer/sigv4';
import { checksumHeader } from '../checksums/algorithms.ts';
import { declaredChecksum, declaredMd5, validValue, type DeclaredChecksum } from '../checksums/declared.ts';
import { DigestStream } from '../checksums/digest-stream.ts';
import type { Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import type { Incoming } from '../listen/incoming.ts';
import { BODY_ENDED_EARLY, hasEndedEarly } from '../listen/listener.ts';
import { gather } from '../route/body.ts';
import { discard, liesBesideRow, sealBesideRow, sealInto, type SealTarget } from './seal-into.ts';
import { countPassed } from './used-buffers.ts';

/** Largest single upload, 5 GiB, as S3 has it. */
export const MAX_UPLOAD = 5 * 1024 ** 3;

export interface Received {
  readonly body: Body;
  readonly size: number;
  /** Hex. */
  readonly md5: string;
  /** base64 by algorithm: the announced one, and those asked for besides. */
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>;
  /** The one that the client announced, verified. */
  readonly declared: ChecksumAlgorithm | undefined;
}

/**
 * Takes the request's body in, seals it while it comes, and verifies every digest that the client announced.
 *
 * Throws S3's errors for a body that is too large, too short, malformed, or not what was announced; what was written
 * by then is an orphan that nothing refers to.
 *
 * @param alsoCount algorithms to count besides the announced one, for example the default checksum.
 */
export async function receive(
  exchange: Exchange,
  gateway: Gateway,
  target: SealTarget,
  alsoCount: (declared: ChecksumAlgorithm | undefined) => readonly ChecksumAlgorithm[],
): Promise<Received> {
  const { headers } = exchange.incoming;
  const { payload } = exchange.authenticated.auth;
  const declared = declaredChecksum(headers);
  const md5 = declaredMd5(headers);
  const decoder = chunkedDecoder(exchange);
  const size = decoder ? decoder.size : plainLength(headers['content-length']);
  if (size > MAX_UPLOAD) {
    throw s3Error('EntityTooLarge', { ProposedSize: String(size), MaxSizeAllowed: String(MAX_UPLOAD) });
  }
  const extra = alsoCount(declared?.algorithm);
  const digest = await DigestStream.of(
    [
      'MD5',
      ...(payload.kind === 'hash' ? (['SHA256'] as const) : []),
      ...(declared ? [declared.algorithm] : []),
      ...extra,
    ],
    size,
    gateway.digests,
  );
  const { body, values } = await digest.over(
    !decoder && liesBesideRow(size)
      ? receiveSmall(exchange.incoming, target, size, digest)
      : sealInto(gateway, target, size, decoder ? [decoder.stream, digest] : [digest], (sink) =>
          feed(exchange.incoming, sink),
        ),
  );
  try {
    const of = (algorithm: ChecksumAlgorithm) => values.get(algorithm) as Buffer;
    if (payload.kind === 'hash' && of('SHA256').toString('hex') !== payload.sha256) {
      throw contentSha256Mismatch(payload.sha256, of('SHA256').toString('hex'));
    }
    if (md5 && !md5.equals(of('MD5'))) {
      throw s3Error('BadDigest', {
        ExpectedDigest: md5.toString('base64'),
        CalculatedDigest: of('MD5').toString('base64'),
      });
    }
    if (declared) verifyDeclared(declared, of(declared.algorithm), decoder?.stream);
    const wanted = [...(declared ? [declared.algorithm] : []), ...extra];
    return {
      body,
      size,
      md5: of('MD5').toString('hex'),
      checksums: new Map(wanted.map((algorithm) => [algorithm, of(algorithm).toString('base64')])),
      declared: declared?.algorithm,
    };
  } catch (error) {
    discard(gateway, body);
    throw error;
  }
}

/** A body of a few KiB is gathered whole: streams would cost more than all that is done with its bytes. */
async function receiveSmall(incoming: Incoming, target: SealTarget, size: number, digest: DigestStream): Promise<Body> {
  const plain = await gather(incoming, size, () => s3Error('IncompleteBody'));
  if (plain.length !== size) throw s3Error('IncompleteBody');
  countPassed(size);
  digest.count(plain);
  return sealBesideRow(target, plain);
}

function plainLength(header: string | undefined): number {
  const size = header === undefined ? NaN : Number(header);
  if (!Number.isSafeInteger(size) || size < 0) throw s3Error('MissingContentLength');
  return size;
}

function chunkedDecoder({
  authenticated,
  incoming,
}: Exchange): { stream: AwsChunkedDecoder; size: number } | undefined {
  const { auth, signingKey } = authenticated;
  if (auth.payload.kind !== 'streaming') return undefined;
  const { decodedLength, trailerNames } = checkStreamingHeaders(incoming.headers, auth.payload);
  const signed =
    auth.payload.signed && signingKey && 'scope' in auth
      ? { signingKey, seedSignature: auth.signature, scope: auth.scope, amzDate: auth.amzDate }
      : undefined;
  // Chunks that should be signed but cannot be verified must never pass.
  if (auth.payload.signed && !signed) throw s3Error('AccessDenied');
  return {
    stream: new AwsChunkedDecoder({ decodedLength, trailerNames, ...(signed ? { signed } : {}) }),
    size: decodedLength,
  };
}

function verifyDeclared(declared: DeclaredChecksum, actual: Buffer, decoder: AwsChunkedDecoder | undefined): void {
  const { algorithm } = declared;
  const expected = declared.value ?? validValue(algorithm, decoder?.trailers.get(checksumHeader(algorithm)) ?? '');
  if (actual.toString('base64') !== expected) {
    throw s3Error(
      'BadDigest',
      {},
      { message: `The ${algorithm} you specified did not match the calculated checksum.` },
    );
  }
}

/** Slower than this much in each interval, a body is given up: it holds a place that others wait for. */
const MIN_BYTES = 16 * 1024;
const RATE_INTERVAL_MS = 30_000;

/**
 * Lets the request's bytes flow into `sink`. A plain pipe: unlike `pipeline` it leaves the connection open when the
 * sink fails, so that the client can still be told why.
 */
function feed(incoming: Incoming, sink: Transform): void {
  const { message, gone } = incoming;
  const broken = () => {
    if (!message.readableEnded) sink.destroy(s3Error('IncompleteBody'));
  };
  if (gone.aborted || message.destroyed || hasEndedEarly(message)) {
    broken();
    return;
  }
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    countPassed(chunk.length);
  };
  const watch = setInterval(() => {
    // While the sink asks to wait, the client is not the slow one.
    if (bytes < MIN_BYTES && !sink.writableNeedDrain) sink.destroy(s3Error('RequestTimeout'));
    bytes = 0;
  }, RATE_INTERVAL_MS).unref();
  message.once('close', broken);
  message.once('error', broken);
  message.once(BODY_ENDED_EARLY, broken);
  message.once('end', () => clearInterval(watch));
  message.on('data', count);
  sink.once('close', () => {
    clearInterval(watch);
    message.off('data', count);
    message.off('close', broken);
    message.unpipe(sink);
  });
  incoming.wantBody();
  message.pipe(sink);
}
