import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { md5, MiB } from './harness/data.ts';
import { expectDescriptorsAsBefore, openDescriptors } from './harness/descriptors.ts';
import { eventually } from './harness/eventually.ts';
import type { HalfSent } from './harness/half-sent.ts';
import type { OwnStack } from './harness/own-stack.ts';
import { gatewayPid, startOwnStack } from './harness/own-stack.ts';
import { watchMemory } from './harness/processes.ts';
import { gapCounts } from './harness/records.ts';
import type { Signing } from './harness/sign.ts';
import { onOwnStack } from './harness/stack.ts';
import type { Sending, Wire } from './harness/wire.ts';

const SLOTS = 20;
const bucket = 'limits';
const said = (answer: Wire | undefined) =>
  answer === undefined ? 'waits' : `${answer.status} ${answer.error['Code'] ?? ''}`;

onOwnStack('limits', () => {
  let own: OwnStack;
  let pid: number;
  let open: HalfSent[] = [];
  beforeAll(async () => {
    own = await startOwnStack({ COFFER_MAX_REQUESTS: String(SLOTS) });
    pid = gatewayPid(own.facts);
    await own.client.send(new CreateBucketCommand({ Bucket: bucket }));
    await own.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
  });
  afterAll(() => own?.stop());
  afterEach(async () => {
    for (const half of open.splice(0)) half.cut();
    await eventually(async () => expect((await get()).status).toBe(200));
  });

  const get = () => own.call({ path: `/${bucket}/k` });
  const anonymous = (method: string, target: string, body: string, headers: Record<string, string> = {}): Sending => ({
    method,
    target,
    headers: { host: new URL(own.facts.endpoint).host, ...headers },
    body,
  });
  async function begin(sending: Sending | Promise<Sending>, firstBytes?: number): Promise<HalfSent> {
    const half = await own.halfSend(await sending, firstBytes);
    open.push(half);
    return half;
  }

  describe('bodies that nobody signed', () => {
    const long = 'x'.repeat(100_000);
    it.each<[string, string, string, string, Record<string, string>]>([
      ['403', 'a form', 'POST', '/', { 'content-type': 'application/x-www-form-urlencoded' }],
      [
        '403',
        'a form that names an action',
        'POST',
        '/?Action=CreateUser&Version=2010-05-08',
        { 'content-type': 'application/x-www-form-urlencoded' },
      ],
      [
        '403',
        'a call of KMS',
        'POST',
        '/',
        { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'TrentService.CreateKey' },
      ],
      ['403', 'an upload', 'PUT', `/${bucket}/x`, {}],
      ['403', 'an upload in chunks', 'PUT', `/${bucket}/x`, { 'transfer-encoding': 'chunked' }],
      ['403', 'a multi-delete', 'POST', `/${bucket}?delete`, { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }],
      ['403', 'a completion', 'POST', `/${bucket}/x?uploadId=abc`, {}],
      ['403', 'a bucket policy', 'PUT', `/${bucket}?policy`, {}],
      ['403', 'tags', 'PUT', `/${bucket}/k?tagging`, {}],
      ['403', 'a bucket to make', 'PUT', '/some-new-bucket', {}],
    ])('get %s before they are read: %s', async (status, _, method, target, headers) => {
      const { 'transfer-encoding': chunked, ...rest } = headers;
      const length: Record<string, string> = chunked
        ? { 'transfer-encoding': chunked }
        : { 'content-length': String(long.length) };
      const halves = await Promise.all(
        Array.from({ length: SLOTS }, () => begin(anonymous(method, target, long, { ...rest, ...length }), 10)),
      );
      const answers = await Promise.all(halves.map((half) => half.answerWithin(5_000)));
      const statuses = answers.map((answer) => (answer ? String(answer.status) : 'waits'));
      // All came at once, so the last may have met a full house; none may hold its place.
      expect(statuses.filter((found) => found !== status && found !== '503')).toEqual([]);
      expect(statuses).toContain(status);
      expect((await get()).status).toBe(200);
    });

    it('that trickle do not keep others out', async () => {
      const targets = ['/', `/${bucket}/x`, `/${bucket}?delete`];
      const halves = await Promise.all(
        Array.from({ length: 3 * SLOTS }, (_, n) =>
          begin(
            anonymous(n % 3 === 1 ? 'PUT' : 'POST', targets[n % 3]!, long, {
              'content-type': 'application/x-www-form-urlencoded',
            }),
            1,
          ),
        ),
      );
      for (let second = 0; second < 3; second += 1) {
        await pause(700);
        expect((await get()).status).toBe(200);
      }
      expect(halves).toHaveLength(3 * SLOTS);
    });
  });

  it('unfinished large documents take little memory, signed or not', async () => {
    const huge = `<Delete>${' '.repeat(3 * MiB)}`;
    const headers = { 'content-md5': Buffer.from(md5(huge), 'hex').toString('base64') };
    for (let n = 0; n < 50; n += 1) await get();
    const stop = watchMemory(pid);
    const before = stop();
    const most = watchMemory(pid);
    for (let wave = 0; wave < 5; wave += 1) {
      await Promise.all(
        Array.from({ length: 40 }, () => begin(anonymous('POST', `/${bucket}?delete`, huge, headers), huge.length - 1)),
      );
      await Promise.all(
        Array.from({ length: 40 }, async () =>
          begin(
            own.signed({ method: 'POST', path: `/${bucket}`, query: { delete: '' }, body: huge, headers }),
            huge.length - 1,
          ),
        ),
      );
      await pause(300);
    }
    const grown = most() - before;
    // At most twenty documents of three MiB are held at once, and what the runtime needs for reading them.
    expect(grown / MiB).toBeLessThan(220);
  });

  describe('more requests than there are slots', () => {
    const upload = (n: number): Signing => ({ method: 'PUT', path: `/${bucket}/slow-${n}`, body: 'a slow body' });
    const fill = () => Promise.all(Array.from({ length: SLOTS }, (_, n) => begin(own.signed(upload(n)))));

    it('are told to slow down at once, and served again once there is room', async () => {
      const before = (await gapCounts(own.facts.dataFolder!))['overload'] ?? 0;
      const slow = await fill();
      expect(
        (await Promise.all(slow.map((half) => half.answerWithin(300)))).every((answer) => answer === undefined),
      ).toBe(true);
      const began = performance.now();
      const refused = await Promise.all(Array.from({ length: 30 }, get));
      expect(performance.now() - began).toBeLessThan(3_000);
      for (const answer of refused) {
        expect(said(answer)).toBe('503 SlowDown');
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
        expect(answer.headers['connection']).toBe('close');
      }
      const body = await begin(own.signed({ ...upload(99), body: 'x'.repeat(200_000) }), 10);
      expect(said(await body.answerWithin(2_000))).toBe('503 SlowDown');

      slow[0]!.finish();
      expect(said(await slow[0]!.answer)).toBe('200 ');
      await eventually(async () => expect((await get()).status).toBe(200), 2_000);

      for (const half of slow) half.finish();
      expect(new Set((await Promise.all(slow.map((half) => half.answer))).map(said))).toEqual(new Set(['200 ']));
      const served = await Promise.all(Array.from({ length: SLOTS - 5 }, get));
      expect(new Set(served.map(({ status }) => status))).toEqual(new Set([200]));
      await eventually(async () => {
        const overload = (await gapCounts(own.facts.dataFolder!))['overload'] ?? 0;
        expect(overload - before).toBeGreaterThanOrEqual(31);
      }, 15_000);
    });

    it('leave no descriptors behind', async () => {
      const watched = { pid, dataFolder: own.facts.dataFolder! };
      const before = openDescriptors(watched);
      for (let round = 0; round < 5; round += 1) {
        await fill();
        await Promise.all(Array.from({ length: 40 }, get));
        for (const half of open.splice(0)) half.cut();
        await eventually(async () => expect((await get()).status).toBe(200));
      }
      await expectDescriptorsAsBefore(watched, before);
    });
  });
});
