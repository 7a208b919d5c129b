import { createHash, createHmac } from 'node:crypto';

export interface ChunkSource {
  chunks: Buffer[];
  signing?: { key: Buffer; seed: string; amzDate: string; scope: string };
  trailers?: [string, string][];
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');

/** Encodes a body as aws-chunked, as a client would. */
export function encodeAwsChunked({ chunks, signing, trailers }: ChunkSource): Buffer {
  let previous = signing?.seed ?? '';
  const signed = (algorithm: string, ...hashes: string[]) => {
    if (!signing) throw new Error('not signed');
    const text = [algorithm, signing.amzDate, signing.scope, previous, ...hashes].join('\n');
    previous = createHmac('sha256', signing.key).update(text).digest('hex');
    return previous;
  };
  const wire: Buffer[] = [];
  for (const chunk of [...chunks, Buffer.alloc(0)]) {
    const size = chunk.length.toString(16);
    const signature = signing && `;chunk-signature=${signed('AWS4-HMAC-SHA256-PAYLOAD', sha256(''), sha256(chunk))}`;
    wire.push(Buffer.from(`${size}${signature ?? ''}\r\n`));
    if (chunk.length > 0) wire.push(chunk, Buffer.from('\r\n'));
  }
  for (const [name, value] of trailers ?? []) wire.push(Buffer.from(`${name}:${value}\r\n`));
  if (signing && trailers) {
    const hash = sha256(trailers.map(([name, value]) => `${name}:${value}\n`).join(''));
    wire.push(Buffer.from(`x-amz-trailer-signature:${signed('AWS4-HMAC-SHA256-TRAILER', hash)}\r\n`));
  }
  wire.push(Buffer.from('\r\n'));
  return Buffer.concat(wire);
}
