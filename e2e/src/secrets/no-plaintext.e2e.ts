import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand, PutObjectCommand, S3Client as Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mode } from '../faults/crashable-stack.ts';
import { CrashableStack } from '../faults/crashable-stack.ts';
import { asAdministrator } from '../faults/database.ts';
import { curl } from '../harness/cli.ts';
import { MiB } from '../harness/data.ts';
import { onOwnStack, present, stack } from '../harness/stack.ts';
import type { Needle } from './needles.ts';
import { needlesOf } from './needles.ts';
import type { Find } from './search.ts';
import { search } from './search.ts';
import { markedBody, writeEverything } from './writes.ts';

const mode: Mode | 'given' = present ? stack().mode : 'given';

/**
 * The files that exist to hold a secret, each for its owner alone (0600), and which one. Everything else in the data
 * folder must hold none.
 */
const HOLDERS: Readonly<Record<string, readonly string[]>> = {
  'root key': ['keys/root.key'],
  'password of the database administrator': ['postgres/postgres.secret'],
  'private key of the certificate': ['tls/server.key'],
  'private key of the authority': ['tls/ca.key'],
  'password of the native stack': ['secrets/passwords.json', 'secrets/operator.json'],
};

function allowed({ name, file }: Find): boolean {
  return HOLDERS[name]?.includes(file) === true;
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Whoever holds one of these can sign in the key's name for a day. */
function signingKeys(secret: string, region: string): Buffer[] {
  const date = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  return ['s3', 'iam'].map((service) =>
    [date, region, service, 'aws4_request'].reduce<Buffer>(
      (key, part) => hmac(key, part),
      Buffer.from(`AWS4${secret}`),
    ),
  );
}

onOwnStack(`what lies on disk (${mode})`, () => {
  let running: CrashableStack;
  const needles: Needle[] = [];
  const authorizations = new Set<string>();
  const add = (name: string, secret: Buffer | string) => needles.push(...needlesOf(name, secret));

  /** A client that notes the signature of each of its requests. */
  function noting(): S3Client {
    const { endpoint, region, keys } = running.target();
    const client = new Client({ endpoint, region, credentials: { ...keys }, forcePathStyle: true });
    client.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        const signature = /Signature=([0-9a-f]{64})/.exec(headers['authorization'] ?? '')?.[1];
        if (signature !== undefined) authorizations.add(signature);
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'noteSignature' },
    );
    return client;
  }

  async function passwords(): Promise<string[]> {
    const values = (value: unknown): string[] =>
      typeof value === 'string' ? [value] : Object.values(value as object).flatMap((inner) => values(inner));
    return values(JSON.parse(await readFile(join(running.data, 'secrets', 'passwords.json'), 'utf8')));
  }

  /** Sends a part of a body and then cuts the connection, so that a broken upload lies about. */
  async function breakOff(url: string, body: Buffer): Promise<void> {
    const sending = request(url, { method: 'PUT', headers: { 'content-length': body.length } });
    sending.on('error', () => undefined);
    sending.write(body.subarray(0, body.length / 2));
    await pause(500);
    sending.destroy();
  }

  beforeAll(async () => {
    running = await CrashableStack.create(mode as Mode, {
      COFFER_LOG_LEVEL: 'trace',
      // Blobs of overwritten and deleted objects lie there as long as the search lasts.
      COFFER_BLOB_GRACE_MS: '3600000',
    });
    await running.start();
    const { endpoint, region, keys } = running.target();
    const client = noting();
    for (const [way, marker] of await writeEverything(client, 'sealed')) add(`plaintext: ${way}`, marker);

    const iam = new IAMClient({ endpoint, region, credentials: { ...keys }, requestHandler: new NodeHttpHandler() });
    await iam.send(new CreateUserCommand({ UserName: 'alice' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
    iam.destroy();
    for (const [owner, secret] of [
      ['root', keys.secretAccessKey],
      ['alice', AccessKey!.SecretAccessKey!],
    ] as const) {
      add(`secret access key of ${owner}`, secret);
      for (const key of signingKeys(secret, region)) add(`signing key of ${owner}`, key);
    }

    // URLs that carry a signature: used, used after being changed, and used for a broken upload.
    for (const command of [
      new GetObjectCommand({ Bucket: 'sealed', Key: 'small' }),
      new PutObjectCommand({ Bucket: 'sealed', Key: 'shared' }),
    ]) {
      const url = await getSignedUrl(client, command, { expiresIn: 600 });
      add('signature of a presigned URL', new URL(url).searchParams.get('X-Amz-Signature')!);
      const { marker, body } = markedBody(4 * MiB);
      if (command instanceof GetObjectCommand) {
        expect((await curl(['-o', '/dev/null', url])).status).toBe(200);
        expect((await curl([`${url}&changed=1`])).status).toBe(403);
      } else {
        add('plaintext: a broken upload', marker);
        await breakOff(url, body);
      }
    }

    // A customer's key is refused for now, and must leave no trace all the same.
    const customerKey = randomBytes(32);
    add('key of a customer', customerKey);
    await client
      .send(
        new PutObjectCommand({
          Bucket: 'sealed',
          Key: 'own-key',
          Body: 'x',
          SSECustomerAlgorithm: 'AES256',
          SSECustomerKey: customerKey as never,
        }),
      )
      .catch(() => undefined);
    for (const signature of [...authorizations].slice(-40)) add('signature of a request', signature);
    client.destroy();

    add('root key', Buffer.from((await readFile(join(running.data, 'keys', 'root.key'), 'utf8')).trim(), 'hex'));
    add(
      'password of the database administrator',
      (await readFile(join(running.data, 'postgres', 'postgres.secret'), 'utf8')).trim(),
    );
    for (const [name, file] of [
      ['private key of the certificate', 'server.key'],
      ['private key of the authority', 'ca.key'],
    ] as const) {
      const pem = await readFile(join(running.data, 'tls', file), 'utf8');
      add(
        name,
        pem
          .replaceAll(/-----.*-----/g, '')
          .trim()
          .split('\n')[0]!,
      );
    }
    if (mode === 'native') for (const password of await passwords()) add('password of the native stack', password);
    // Everything that Postgres still keeps in memory goes into its files.
    await asAdministrator(running.data, (admin) => admin.query('CHECKPOINT'));
  });
  afterAll(() => running?.remove());

  it('has been written to by many requests', () => {
    expect(authorizations.size).toBeGreaterThan(20);
    expect(new Set(needles.map(({ name }) => name)).size).toBeGreaterThan(15);
  });

  it('holds no plaintext and no secret, in no form, while it runs', async () => {
    const { finds, files, bytes } = await search(running.data, needles);
    expect(finds.filter((find) => !allowed(find))).toEqual([]);
    // The search saw what it was meant to see.
    expect(bytes).toBeGreaterThan(30 * MiB);
    for (const place of [
      'postgres/cluster/pg_wal/',
      'postgres/cluster/base/',
      'logs/',
      ...(mode === 'native' ? ['minio/', 'nats/'] : ['blobs/']),
    ]) {
      expect(
        files.some((file) => file.startsWith(place)),
        place,
      ).toBe(true);
    }
    expect(finds).toContainEqual({ file: 'keys/root.key', name: 'root key', form: 'hex' });
  });

  it('holds none after a SIGKILL in mid-upload and another start', async () => {
    const { marker, body } = markedBody(40 * MiB);
    add('plaintext: an upload that a crash broke off', marker);
    const client = noting();
    const upload = client
      .send(new PutObjectCommand({ Bucket: 'sealed', Key: 'crashed', Body: body }))
      .catch(() => undefined);
    await pause(150);
    await running.crash('left');
    await upload;
    client.destroy();
    const crashed = await search(running.data, needles);
    expect(crashed.finds.filter((find) => !allowed(find))).toEqual([]);
    await running.start();
    await running.stop();
    const stopped = await search(running.data, needles);
    expect(stopped.finds.filter((find) => !allowed(find))).toEqual([]);
  });

  it('has only files of their owner alone that hold a secret', async () => {
    const there = [];
    for (const file of Object.values(HOLDERS).flat()) {
      const found = await stat(join(running.data, file)).catch(() => undefined);
      if (found) there.push({ file, toOthers: found.mode & 0o077 });
    }
    expect(there).not.toHaveLength(0);
    expect(there.filter(({ toOthers }) => toOthers !== 0)).toEqual([]);
  });
});

describe('the search for plaintext', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'coffer-search-'))));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const secret = randomBytes(24);
  const around = (shift: number) => Buffer.concat([randomBytes(30 + shift), secret, randomBytes(31)]);
  const forms: readonly (readonly [string, Buffer | string])[] = [
    ['raw', around(0)],
    ['hex', around(1).toString('hex')],
    ['HEX', around(2).toString('hex').toUpperCase()],
    ...[0, 1, 2].flatMap((shift) => [
      [`base64 at ${shift}`, around(shift).toString('base64')] as const,
      [`base64url at ${shift}`, around(shift).toString('base64url')] as const,
    ]),
    // Across the border between two parts of a large file.
    ['raw, far into a file', Buffer.concat([Buffer.alloc(8 * MiB - 11), secret, Buffer.alloc(100)])],
  ];

  it.each(forms)('finds what is planted %s', async (form, content) => {
    const needles = needlesOf('planted', secret);
    const file = join(folder, 'planted');
    await writeFile(file, content);
    const { finds } = await search(folder, needles);
    // Text without the characters in which the alphabets differ is the same in both.
    const wantedForm = form.split(',')[0]!.replace('base64url', 'base64');
    expect(finds.map(({ form: found }) => found.replace('base64url', 'base64'))).toContainEqual(wantedForm);
    await writeFile(file, typeof content === 'string' ? 'nothing' : content.fill(0));
    expect((await search(folder, needles)).finds).toEqual([]);
  });

  it('refuses to look for what chance would find', () => {
    expect(() => needlesOf('short', 'abc')).toThrow(RangeError);
  });
});
