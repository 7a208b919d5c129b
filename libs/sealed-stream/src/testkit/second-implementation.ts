/**
 * The sealed-stream format written a second time, straight from docs/formats/sealed-stream.md and with nothing of the
 * library: HKDF from HMAC, and GCM from counter mode and a bitwise GHASH. Slow, and only for checking the vectors.
 */
import { createCipheriv, createHash, createHmac } from 'node:crypto';

export interface Inputs {
  dataKey: Buffer;
  bucketId: string;
  key: string;
  versionId: string;
  blobId: string;
  noncePrefix: Buffer;
  salt: Buffer;
}

const u32 = (value: number) => Buffer.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
const hmac = (key: Buffer, data: Buffer) => createHmac('sha256', key).update(data).digest();

function hkdf64(ikm: Buffer, salt: Buffer, info: Buffer): Buffer {
  const prk = hmac(salt, ikm);
  const first = hmac(prk, Buffer.concat([info, Buffer.of(1)]));
  return Buffer.concat([first, hmac(prk, Buffer.concat([first, info, Buffer.of(2)]))]);
}

function ghash(h: bigint, data: Buffer): bigint {
  const reduction = 0xe1n << 120n;
  let y = 0n;
  for (let at = 0; at < data.length; at += 16) {
    let x = y ^ BigInt(`0x${data.toString('hex', at, at + 16)}`);
    let v = h;
    y = 0n;
    for (let bit = 127n; bit >= 0n; bit -= 1n) {
      if ((x >> bit) & 1n) y ^= v;
      v = v & 1n ? (v >> 1n) ^ reduction : v >> 1n;
    }
    x = 0n;
  }
  return y;
}

function gcmSeal(key: Buffer, nonce: Buffer, plain: Buffer): Buffer {
  const block = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const h = BigInt(`0x${block.update(Buffer.alloc(16)).toString('hex')}`);
  const mask = BigInt(`0x${block.update(Buffer.concat([nonce, u32(1)])).toString('hex')}`);
  const body = createCipheriv('aes-256-ctr', key, Buffer.concat([nonce, u32(2)])).update(plain);
  const padding = Buffer.alloc((16 - (body.length % 16)) % 16);
  const lengths = Buffer.concat([Buffer.alloc(8), u32(Math.floor(body.length / 2 ** 29)), u32(body.length * 8)]);
  const tag = ghash(h, Buffer.concat([body, padding, lengths])) ^ mask;
  return Buffer.concat([body, Buffer.from(tag.toString(16).padStart(32, '0'), 'hex')]);
}

/** The sealed body, byte for byte. */
export function sealBySpecification(inputs: Inputs, plain: Buffer): Buffer {
  const fields = [inputs.bucketId, inputs.key, inputs.versionId, inputs.blobId].flatMap((field) => {
    const bytes = Buffer.from(field, 'utf8');
    return [u32(bytes.length), bytes];
  });
  const digest = createHash('sha256').update(Buffer.concat(fields)).digest();
  const output = hkdf64(inputs.dataKey, inputs.salt, Buffer.concat([Buffer.from('coffer/sealed-stream/v1'), digest]));
  const parts = [Buffer.from('CFSB\u0001'), inputs.noncePrefix, inputs.salt, output.subarray(32)];
  const count = Math.max(1, Math.ceil(plain.length / 65_536));
  for (let index = 0; index < count; index += 1) {
    const nonce = Buffer.concat([inputs.noncePrefix, u32(index), Buffer.of(index === count - 1 ? 1 : 0)]);
    parts.push(gcmSeal(output.subarray(0, 32), nonce, plain.subarray(index * 65_536, (index + 1) * 65_536)));
  }
  return Buffer.concat(parts);
}
