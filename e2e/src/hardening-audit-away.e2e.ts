import { PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeAll, expect, it } from 'vitest';
import type { User } from './harness/accounts.ts';
import { newUser } from './harness/accounts.ts';
import { newBucket } from './harness/buckets.ts';
import { s3 } from './harness/clients.ts';
import { bytes, md5 } from './harness/data.ts';
import { expectDescriptorsAsBefore, openDescriptors } from './harness/descriptors.ts';
import { eventually } from './harness/eventually.ts';
import { gatewayPid } from './harness/own-stack.ts';
import { gapCounts, recordsWithIds } from './harness/records.ts';
import { call } from './harness/sign.ts';
import { onNative, present, stack } from './harness/stack.ts';
import type { Wire } from './harness/wire.ts';
import { send } from './harness/wire.ts';
import { stackProcess } from './faults/processes.ts';

const client = present ? s3() : (undefined as never);
const SIZE = 5_000_000;
const said = ({ status, error }: Wire) => `${status} ${error['Code'] ?? ''}`;
const idOf = (answer: Wire) => answer.headers['x-amz-request-id'] as string;

// In the embedded stack audit is a part of the one process: it cannot be away while the gateway is there.
onNative('while audit does not answer', () => {
  let bucket: string;
  let user: User;
  let stopped: number | undefined;
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'away' });
    user = await newUser([{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'big', Body: bytes(SIZE) }));
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'small', Body: 'x' }));
    const Statement = [
      { Effect: 'Deny', Principal: { AWS: user.arn }, Action: 's3:DeleteObject', Resource: `arn:aws:s3:::${bucket}/*` },
    ];
    await client.send(
      new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }),
    );
    for (let n = 0; n < 5; n += 1) await Promise.all([1, 2, 3, 4].map(() => call({ path: `/${bucket}/big` })));
  });
  const goOn = () => {
    if (stopped !== undefined) process.kill(stopped, 'SIGCONT');
    stopped = undefined;
  };
  afterEach(goOn);

  /** Runs with audit's process standing still: it neither answers nor ends. */
  async function whileAway<T>(run: () => Promise<T>): Promise<T> {
    const audit = stackProcess(stack().dataFolder!, 'audit');
    expect(audit).toBeDefined();
    stopped = audit!;
    process.kill(stopped, 'SIGSTOP');
    try {
      return await run();
    } finally {
      goOn();
    }
  }

  const body = '<Delete><Object><Key>small</Key></Object></Delete>';
  const forbidden = () =>
    call({
      method: 'POST',
      path: `/${bucket}`,
      query: { delete: '' },
      body,
      headers: { 'content-md5': Buffer.from(md5(body), 'hex').toString('base64') },
      keys: user,
    });
  const kinds: [string, () => Promise<Wire>][] = [
    ['a long read', () => call({ path: `/${bucket}/big` })],
    ['a short read', () => call({ path: `/${bucket}/small` })],
    ['a range', () => call({ path: `/${bucket}/big`, headers: { range: 'bytes=0-99999' } })],
    ['a listing', () => call({ path: `/${bucket}`, query: { 'list-type': '2' } })],
    ['what is not there', () => call({ path: `/${bucket}/absent` })],
    ['a refusal', () => call({ method: 'DELETE', path: `/${bucket}/small`, keys: user })],
    ['a wrong signature', () => call({ path: `/${bucket}/small`, keys: { ...user, secretAccessKey: 'x'.repeat(40) } })],
    [
      'a stranger',
      () => send({ method: 'GET', target: `/${bucket}/small`, headers: { host: new URL(stack().endpoint).host } }),
    ],
    ['a multi-delete of which every key is refused', forbidden],
  ];

  it('nothing is told that is not on record; afterwards all is counted, and nothing leaks', async () => {
    const data = stack().dataFolder!;
    const gateway = gatewayPid(stack());
    const watched = { pid: gateway, dataFolder: data };
    const before = openDescriptors(watched);
    const counted = (await gapCounts(data))['audit-unavailable'] ?? 0;

    const answers = await whileAway(() =>
      Promise.all(
        kinds.flatMap(([name, run]) =>
          Array.from({ length: name === 'a long read' ? 20 : 2 }, async () => [name, await run()] as const),
        ),
      ),
    );
    for (const [name, answer] of answers) {
      expect(`${name}: ${said(answer)}`).toBe(`${name}: 503 ServiceUnavailable`);
      expect(answer.body.length).toBeLessThan(2_000);
    }

    const works = await eventually(async () => {
      const answer = await call({ path: `/${bucket}/big` });
      expect(answer.status).toBe(200);
      return answer;
    }, 30_000);
    expect(works.body).toHaveLength(SIZE);
    expect((await forbidden()).status).toBe(200);

    await eventually(async () => {
      expect(((await gapCounts(data))['audit-unavailable'] ?? 0) - counted).toBeGreaterThanOrEqual(answers.length);
    }, 30_000);
    await expectDescriptorsAsBefore(watched, before, 40_000);
    // What audit had taken in before it stood still may be stored after all; it must say what was answered.
    const ids = answers.map(([, answer]) => idOf(answer));
    expect(new Set(ids).size).toBe(answers.length);
    await eventually(async () => {
      const records = await recordsWithIds(data, ids);
      expect(new Set(records.map((record) => record.request_id)).size).toBe(records.length);
      expect(records.filter(({ status, phase }) => status !== 503 || !['closed', 'corrected'].includes(phase))).toEqual(
        [],
      );
    }, 30_000);
  });

  it('a change is on record beside itself, and its record is there in the end', async () => {
    const answers = await whileAway(() =>
      Promise.all([1, 2, 3].map((n) => call({ method: 'PUT', path: `/${bucket}/change-${n}`, body: 'x' }))),
    );
    for (const [n, answer] of answers.entries()) {
      // Done and answered, or refused and not done: nothing in between.
      const there = await eventually(async () => {
        const head = await call({ method: 'HEAD', path: `/${bucket}/change-${n + 1}` });
        expect([200, 404]).toContain(head.status);
        return head.status === 200;
      }, 30_000);
      expect(there, said(answer)).toBe(answer.status === 200);
    }
    const done = answers.filter(({ status }) => status === 200).map(idOf);
    expect(done).toHaveLength(answers.length);
    await eventually(async () => {
      const records = await recordsWithIds(stack().dataFolder!, done);
      expect(new Set(records.map((record) => record.request_id))).toEqual(new Set(done));
      expect(records).toHaveLength(done.length);
      expect(records.filter(({ status }) => status !== 200)).toEqual([]);
    }, 60_000);
  });
});
