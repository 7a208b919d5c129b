import { Writable } from 'node:stream';
import { withTraceparent } from '@coffer/bus';
import { describe, expect, it } from 'vitest';
import { createLogger, type Logger } from './logger.ts';
import { nestLogger } from './nest-logger.ts';

const SECRET = 'hunter2hunter2';

function capture(level = 'trace'): { logger: Logger; text: () => string; lines: () => Record<string, unknown>[] } {
  let text = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const lines = () =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { logger: createLogger({ service: 'kms', level, destination }), text: () => text, lines };
}

describe('logger', () => {
  it('writes one JSON object per line with service, level, time and trace', () => {
    const { logger, lines } = capture();
    const trace = '0af7651916cd43dd8448eb211c80319c';
    withTraceparent(`00-${trace}-b7ad6b7169203331-01`, () => logger.info({ bucket: 'photos', count: 3 }, 'listed'));
    logger.debug('plain');
    expect(lines()[0]).toMatchObject({
      service: 'kms',
      level: 'info',
      msg: 'listed',
      bucket: 'photos',
      traceId: trace,
    });
    expect(lines()[0]?.['count']).toBe(3);
    expect(new Date(String(lines()[0]?.['time'])).getTime()).toBeGreaterThan(0);
    expect(lines()[1]).not.toHaveProperty('traceId');
  });

  it.each<[string, object]>([
    ['authorization', { headers: { Authorization: SECRET } }],
    ['secret access key', { secretAccessKey: SECRET, SecretAccessKey: SECRET }],
    ['password', { user: { dbPassword: SECRET } }],
    ['key material', { key: { keyMaterial: SECRET, key_material: SECRET } }],
    ['plaintext', { reply: { Plaintext: SECRET } }],
    ['customer key', { 'x-amz-server-side-encryption-customer-key': SECRET }],
    ['customer key of a copy', { 'X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key': [SECRET] }],
    ['session token', { 'x-amz-security-token': SECRET, SessionToken: SECRET }],
    ['signing key', { signingKey: { bytes: SECRET } }],
    ['TOTP seed', { seed: SECRET, Base32StringSeed: SECRET }],
    ['cookie', { cookie: SECRET, 'set-cookie': [SECRET] }],
    ['MFA', { 'x-amz-mfa': SECRET, AuthenticationCode1: SECRET }],
    ['maps', { headers: new Map([['authorization', SECRET]]) }],
    ['URL with a password', { url: `postgres://coffer:${SECRET}@db:5432/coffer` }],
    ['URL object', { url: new URL(`nats://kms:${SECRET}@bus:4222`) }],
    ['presigned URL', { path: `/b/k?X-Amz-Signature=${SECRET}&x-amz-security-token=${SECRET}&Signature=${SECRET}` }],
    ['header in a text', { note: `Authorization: AWS4-HMAC-SHA256 SignedHeaders=host, Signature=${SECRET}` }],
    ['bearer token in a text', { note: `sent Bearer ${SECRET}` }],
    ['bytes', { whatever: Buffer.from(SECRET), list: [new TextEncoder().encode(SECRET)] }],
    ['an error', { err: new Error(`connect postgres://a:${SECRET}@db failed`, { cause: { password: SECRET } }) }],
    ['members of an error', { err: Object.assign(new Error('x'), { config: { password: SECRET } }) }],
  ])('never shows a secret: %s', (_what, details) => {
    const { logger, text, lines } = capture();
    logger.info(details, 'message');
    logger.info({ deeper: [{ still: details }] }, 'message');
    logger.child(details).info('message');
    logger.child({ a: 1 }).child({ nested: details }).warn('message');
    logger.info('formatted %j', details);
    expect(lines()).toHaveLength(5);
    expect(text()).not.toContain(SECRET);
    expect(text()).not.toContain(Buffer.from(SECRET).toString('base64'));
    expect(text()).not.toContain([...Buffer.from(SECRET)].join());
  });

  it('never shows a secret in a message or a bare error', () => {
    const { logger, text, lines } = capture();
    logger.error(new Error(`nats://kms:${SECRET}@bus refused`));
    logger.error(new Error('x'), `password=${SECRET}`);
    logger.info(`at postgres://u:${SECRET}@h/d`);
    expect(text()).not.toContain(SECRET);
    expect(lines()[0]).toMatchObject({ msg: 'nats://kms:[redacted]@bus refused', err: { type: 'Error' } });
  });

  it('keeps what is no secret', () => {
    const { logger, lines } = capture();
    const details = {
      key: 'photos/a.jpg',
      accessKeyId: 'AKIA',
      keyId: 'k1',
      versionId: 'v',
      etag: '"x"',
      mfaDelete: true,
    };
    logger.info(details, 'kept');
    expect(lines()[0]).toMatchObject(details);
  });

  it('survives cycles, depth and odd values', () => {
    const { logger, lines } = capture();
    const cycle: Record<string, unknown> = { big: 10n, bad: new Date(Number.NaN), missing: undefined };
    cycle['self'] = cycle;
    logger.info(cycle, 'odd');
    expect(lines()[0]).toMatchObject({ big: '10', bad: 'invalid date', msg: 'odd' });
  });

  it('takes what Nest says', () => {
    const { logger, lines } = capture();
    const nest = nestLogger(logger);
    nest.log('Starting', 'NestFactory');
    nest.error(new Error('boom'), 'stack', 'Injector');
    expect(lines()).toMatchObject([
      { level: 'debug', msg: 'Starting', context: 'NestFactory' },
      { level: 'error', msg: 'boom', context: 'Injector' },
    ]);
  });
});
