// Sealing and opening beside bare node:crypto AES-256-GCM in segments of the same size, on one core.
// Usage: node bench/throughput.mjs [MiB per round]. Needs the built dist. Prints GB/s and the ratio to bare GCM.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Opener, SEGMENT_SIZE, SealStream, seal } from '../dist/index.js';

const size = Number(process.argv[2] ?? 256) * 2 ** 20;
const ROUNDS = 7;
const key = randomBytes(32);
const identity = { bucketId: 'bucket', key: 'key', versionId: 'version', blobId: 'blob' };
const plain = randomBytes(size);
const sealed = seal(key, identity, plain);

function* chunks(bytes, step) {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}
const drain = () => new Writable({ highWaterMark: 2 ** 20, write: (_chunk, _encoding, done) => done() });

function bareSeal() {
  let index = 0;
  for (const segment of chunks(plain, SEGMENT_SIZE)) {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(index++, 7);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.update(segment);
    cipher.final();
    cipher.getAuthTag();
  }
}
const tags = [];
const bodies = [];
for (const [index, segment] of [...chunks(plain, SEGMENT_SIZE)].entries()) {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  bodies.push(cipher.update(segment));
  cipher.final();
  tags.push(cipher.getAuthTag());
}
function bareOpen() {
  for (const [index, body] of bodies.entries()) {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(index, 7);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce);
    decipher.setAuthTag(tags[index]);
    decipher.update(body);
    decipher.final();
  }
}

const cases = [
  { name: 'bare GCM seal', base: 'bare GCM seal', run: bareSeal },
  ...[65536, 2 ** 20, 60_000].map((step) => ({
    name: `SealStream, chunks of ${step}`,
    base: 'bare GCM seal',
    run: () => pipeline(chunks(plain, step), new SealStream(key, identity), drain()),
  })),
  { name: 'bare GCM open', base: 'bare GCM open', run: bareOpen },
  ...[65536, 2 ** 20].map((step) => ({
    name: `Opener, chunks of ${step}`,
    base: 'bare GCM open',
    run: () => {
      const opener = new Opener(key, identity);
      for (const chunk of chunks(sealed, step)) opener.push(chunk, () => undefined);
      opener.end(() => undefined);
    },
  })),
];
const times = new Map(cases.map(({ name }) => [name, []]));
// The cases take turns, so that a change in the machine's load falls on all of them; CPU time leaves out other processes.
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const { name, run } of cases) {
    const before = process.cpuUsage();
    await Promise.resolve(run());
    const { user, system } = process.cpuUsage(before);
    if (round > 0) times.get(name).push((user + system) / 1e6);
  }
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
for (const { name, base } of cases) {
  const seconds = median(times.get(name));
  const ratio = median(times.get(base)) / seconds;
  console.log(
    `${name.padEnd(32)} ${(size / seconds / 1e9).toFixed(2)} GB/s of CPU time  ${(ratio * 100).toFixed(0)} % of bare`,
  );
}
