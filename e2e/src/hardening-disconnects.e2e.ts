import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, CreateMultipartUploadCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytes, md5 } from './harness/data.ts';
import type { Watched } from './harness/descriptors.ts';
import { expectDescriptorsAsBefore, openDescriptors } from './harness/descriptors.ts';
import { eventually } from './harness/eventually.ts';
import type { HalfSent } from './harness/half-sent.ts';
import type { OwnStack } from './harness/own-stack.ts';
import { gatewayPid, startOwnStack } from './harness/own-stack.ts';
import { recordsOfBucket, recordsWithIds } from './harness/records.ts';
import type { Signing } from './harness/sign.ts';
import { onOwnStack } from './harness/stack.ts';

const SLOTS = 20;
/** More than one slot for each, several times over: a slot that is not given back shows at once. */
const TIMES = 3 * SLOTS;

const bucket = 'disconnects';
const body = bytes(200_000);
/** More than the buffers of a connection hold. */
const SIZE = 30_000_000;

onOwnStack('clients that leave before their answer', () => {
  let own: OwnStack;
  let watched: Watched;
  let descriptors: number;
  beforeAll(async () => {
    own = await startOwnStack({ COFFER_MAX_REQUESTS: String(SLOTS) });
    watched = { pid: gatewayPid(own.facts), dataFolder: own.facts.dataFolder! };
    await own.client.send(new CreateBucketCommand({ Bucket: bucket }));
    await own.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: bytes(SIZE) }));
    for (let n = 0; n < 10; n += 1)
      await Promise.all(
        [1, 2, 3, 4].map(() => own.call({ path: `/${bucket}/k`, headers: { range: 'bytes=0-999999' } })),
      );
    descriptors = openDescriptors(watched);
  });
  afterAll(() => own?.stop());

  const uniqueKeys = (purpose: string) =>
    Array.from({ length: TIMES }, () => `${purpose}-${randomBytes(6).toString('hex')}`);

  /**
   * The gateway has read what was sent before, since it answers what is sent now. A connection that is broken off takes
   * along what nobody has read yet: then there was no request.
   */
  const hasBeenRead = () => own.call({ path: `/${bucket}/k`, headers: { range: 'bytes=0-9' } });

  /** Half of the clients close their connection, half break it off. */
  const leave = (half: HalfSent, n: number) => (n % 2 === 0 ? half.cut() : half.reset());

  /** So many at once that those of the wave before, still on their way out, have slots beside them. */
  const WAVE = SLOTS / 4;

  async function inWaves<Item>(items: readonly Item[], run: (item: Item, n: number) => Promise<void>): Promise<void> {
    for (let at = 0; at < items.length; at += WAVE) {
      await Promise.all(items.slice(at, at + WAVE).map((item, n) => run(item, at + n)));
    }
  }

  async function serviceIsWhole(): Promise<void> {
    // The last ones may still be on their way out.
    await eventually(
      async () => expect((await own.call({ path: `/${bucket}/k`, headers: { range: 'bytes=0-9' } })).status).toBe(206),
      5_000,
    );
    // Every slot is there: so many requests at once are all answered.
    await eventually(async () => {
      const halves = await Promise.all(
        Array.from({ length: SLOTS - 1 }, async (_, n) =>
          own.halfSend(await own.signed({ method: 'PUT', path: `/${bucket}/whole-${n}`, body: 'xxxxxxxxxx' })),
        ),
      );
      const refused = await Promise.all(halves.map((half) => half.answerWithin(200)));
      for (const half of halves) half.finish();
      const answers = await Promise.all(halves.map((half) => half.answerWithin(20_000)));
      // Connections kept alive would count as descriptors.
      for (const half of halves) half.cut();
      expect(refused.filter((answer) => answer !== undefined)).toHaveLength(0);
      expect(new Set(answers.map((answer) => answer?.status))).toEqual(new Set([200]));
    }, 10_000);
    await expectDescriptorsAsBefore(watched, descriptors);
  }

  /** Demands exactly one record for each key, closed, and none of them a success or a failure of ours. */
  async function oneRecordEach(keys: readonly string[]): Promise<void> {
    await eventually(async () => {
      const all = await recordsOfBucket(own.facts.dataFolder!, bucket);
      const byKey = Map.groupBy(all, ({ data }) => data['key'] as string);
      const counts = keys.map((key) => byKey.get(key)?.length ?? 0);
      expect(counts.filter((count) => count !== 1)).toEqual([]);
      const records = keys.map((key) => byKey.get(key)![0]!);
      expect(new Set(records.map(({ phase }) => phase))).toEqual(new Set(['closed']));
      expect(records.filter(({ status }) => status === null || status < 400 || status >= 500)).toEqual([]);
    }, 30_000);
  }

  it('in the middle of an upload', async () => {
    const keys = uniqueKeys('upload');
    await inWaves(keys, async (key, n) => {
      const half = await own.halfSend(await own.signed({ method: 'PUT', path: `/${bucket}/${key}`, body }), 70_000);
      await hasBeenRead();
      leave(half, n);
    });
    await serviceIsWhole();
    await oneRecordEach(keys);
    for (const key of keys.slice(0, 5)) {
      expect((await own.call({ method: 'HEAD', path: `/${bucket}/${key}` })).status).toBe(404);
    }
  });

  it('in the middle of a part', async () => {
    const { UploadId } = await own.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'parts' }));
    await inWaves(uniqueKeys('part'), async (_, n) => {
      const query = { partNumber: String(n + 1), uploadId: UploadId! };
      const half = await own.halfSend(
        await own.signed({ method: 'PUT', path: `/${bucket}/parts`, query, body }),
        70_000,
      );
      await hasBeenRead();
      leave(half, n);
    });
    await serviceIsWhole();
  });

  it('right after the first bytes', async () => {
    const keys = uniqueKeys('early');
    await inWaves(keys, async (key, n) => {
      const half = await own.halfSend(await own.signed({ method: 'PUT', path: `/${bucket}/${key}`, body }), 3);
      await pause(n % 4);
      leave(half, n);
    });
    await serviceIsWhole();
    await pause(1_000);
    // A head that never arrived is no request; one that did has one record.
    const all = await recordsOfBucket(own.facts.dataFolder!, bucket);
    const counts = keys.map((key) => all.filter(({ data }) => data['key'] === key).length);
    expect(counts.filter((count) => count > 1)).toEqual([]);
  });

  const xml = '<Delete><Object><Key>absent</Key></Object></Delete>';
  it.each<[string, Omit<Signing, 'path'>]>([
    [
      'DeleteObjects',
      {
        method: 'POST',
        query: { delete: '' },
        body: xml,
        headers: { 'content-md5': Buffer.from(md5(xml), 'hex').toString('base64') },
      },
    ],
    ['PutBucketPolicy', { method: 'PUT', query: { policy: '' }, body: '{"Version":"2012-10-17"}' }],
    ['PutBucketCors', { method: 'PUT', query: { cors: '' }, body: '<CORSConfiguration></CORSConfiguration>' }],
  ])('in the middle of the body of %s', async (operation, signing) => {
    await inWaves(uniqueKeys(operation), async (_, n) => {
      const half = await own.halfSend(await own.signed({ ...signing, path: `/${bucket}` }));
      await hasBeenRead();
      leave(half, n);
    });
    await serviceIsWhole();
    await eventually(async () => {
      const all = await recordsOfBucket(own.facts.dataFolder!, bucket);
      const ofThese = all.filter((record) => record.operation === operation);
      expect(ofThese).toHaveLength(TIMES);
      expect(new Set(ofThese.map(({ phase }) => phase))).toEqual(new Set(['closed']));
    }, 30_000);
  });

  it.each<[string, (key: string) => Signing]>([
    ['an upload', (key) => ({ method: 'PUT', path: `/${bucket}/${key}`, body })],
    ['a small upload', (key) => ({ method: 'PUT', path: `/${bucket}/${key}`, body: 'x'.repeat(100) })],
    ['tags', (key) => ({ method: 'PUT', path: `/${bucket}/${key}`, query: { tagging: '' }, body: 'x'.repeat(100) })],
    [
      'a completion',
      (key) => ({ method: 'POST', path: `/${bucket}/${key}`, query: { uploadId: 'abc' }, body: 'x'.repeat(100) }),
    ],
  ])('with the end of the connection in the same packet as the beginning of %s', async (what, signing) => {
    const keys = uniqueKeys('packet');
    const began = performance.now();
    await inWaves(keys, async (key) => {
      const { method, target, headers, body: whole } = await own.signed(signing(key));
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      const url = new URL(own.facts.endpoint);
      const socket = connect(Number(url.port), url.hostname);
      socket.on('error', () => undefined);
      // The gateway hears of the end before it has so much as found out who is asking.
      socket.end(
        Buffer.concat([
          Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`),
          Buffer.from(whole!).subarray(0, 20),
        ]),
      );
      socket.resume();
      await Promise.race([once(socket, 'close'), pause(8_000)]);
      expect(socket.closed, `${what} is answered`).toBe(true);
    });
    expect(performance.now() - began).toBeLessThan(30_000);
    await serviceIsWhole();
    await oneRecordEach(keys);
  });

  it('with the end of the connection in the same packet, while the gateway still asks who they are', async () => {
    const keys = uniqueKeys('asking');
    const url = new URL(own.facts.endpoint);
    await inWaves(keys, async (key) => {
      // Of signature version 2 nothing can be kept: identity is asked each time.
      const date = new Date().toUTCString();
      const mac = createHmac('sha1', own.facts.secretAccessKey)
        .update(`PUT\n\n\n${date}\n/${bucket}/${key}`)
        .digest('base64');
      const socket = connect(Number(url.port), url.hostname);
      socket.on('error', () => undefined);
      socket.end(
        `PUT /${bucket}/${key} HTTP/1.1\r\nHost: ${url.host}\r\nDate: ${date}\r\n` +
          `Authorization: AWS ${own.facts.accessKeyId}:${mac}\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(70_000)}`,
      );
      socket.resume();
      await Promise.race([once(socket, 'close'), pause(8_000)]);
      expect(socket.closed, 'the request is answered').toBe(true);
    });
    await serviceIsWhole();
    await oneRecordEach(keys);
  });

  it('in the middle of a call of IAM', async () => {
    const form = 'Action=ListUsers&Version=2010-05-08';
    await inWaves(uniqueKeys('iam'), async (_, n) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const half = await own.halfSend(
        await own.signed({ method: 'POST', path: '/', service: 'iam', headers, body: form }),
      );
      await pause(30);
      leave(half, n);
    });
    await serviceIsWhole();
  });

  it('in the middle of a download, of which they have the request id', async () => {
    const ids: string[] = [];
    await inWaves(uniqueKeys('download'), async () => {
      const { target, headers } = await own.signed({ path: `/${bucket}/k` });
      const abort = new AbortController();
      const { host: _host, 'content-length': _length, ...sent } = headers as Record<string, string>;
      const response = await fetch(own.facts.endpoint + target, { headers: sent, signal: abort.signal });
      ids.push(response.headers.get('x-amz-request-id')!);
      await response.body!.getReader().read();
      abort.abort();
    });
    await serviceIsWhole();
    expect(new Set(ids).size).toBe(TIMES);
    await eventually(async () => {
      const records = await recordsWithIds(own.facts.dataFolder!, ids);
      expect(new Set(records.map((record) => record.request_id))).toEqual(new Set(ids));
      expect(records).toHaveLength(TIMES);
      expect(new Set(records.map(({ phase }) => phase))).toEqual(new Set(['closed']));
      expect(
        records.filter(({ data }) => data['interrupted'] !== true || (data['bytesSent'] as number) >= SIZE),
      ).toEqual([]);
    }, 30_000);
  });

  it('instead of sending the body that they asked leave to send', async () => {
    const keys = uniqueKeys('expect');
    await inWaves(keys, async (key, n) => {
      const sending = await own.signed({ method: 'PUT', path: `/${bucket}/${key}`, body });
      const half = await own.halfSend({ ...sending, headers: { ...sending.headers, expect: '100-continue' } }, 0);
      await hasBeenRead();
      leave(half, n);
    });
    await serviceIsWhole();
    await oneRecordEach(keys);
  });
});
