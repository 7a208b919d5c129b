import { contract } from '@coffer/contracts';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { renderNatsConfig } from './config.ts';

const call = contract('kms', 'sign', { request: z.object({}), reply: z.object({}), callers: ['gateway'] });

describe('renderNatsConfig', () => {
  const base = { contracts: [call], events: [] };

  it('gives each user its own subjects and nothing else', () => {
    const text = renderNatsConfig({ ...base, users: [{ service: 'gateway', password: 'p' }] });
    expect(text).toContain('publish: { allow: ["coffer.v1.kms.sign.gateway"] }');
    expect(text).toContain('subscribe: { allow: ["_INBOX_gateway.>"] }');
    expect(text).toContain('host: "127.0.0.1"');
    expect(text).not.toContain('jetstream');
  });

  it('denies everything where nothing is allowed', () => {
    const text = renderNatsConfig({ ...base, users: [{ service: 'audit', password: 'p' }] });
    expect(text).toContain('publish: { deny: [">"] }');
  });

  it('writes through to disk, and turns on TLS', () => {
    const text = renderNatsConfig({
      ...base,
      users: [],
      storeDir: '/data/js',
      host: '0.0.0.0',
      tls: { certFile: '/c.pem', keyFile: '/k.pem', caFile: '/ca.pem' },
    });
    expect(text).toContain('jetstream: { store_dir: "/data/js", sync_interval: always }');
    expect(text).toContain('tls: { cert_file: "/c.pem", key_file: "/k.pem", ca_file: "/ca.pem", verify: true }');
  });

  it.each(['', 'line\nbreak', 'ünicode'])('refuses the password %j', (password) => {
    expect(() => renderNatsConfig({ ...base, users: [{ service: 'kms', password }] })).toThrow(TypeError);
  });

  it('cannot be broken out of by a password', () => {
    const text = renderNatsConfig({ ...base, users: [{ service: 'kms', password: 'a" } \\' }] });
    expect(text).toContain('password: "a\\" } \\\\"');
  });
});
