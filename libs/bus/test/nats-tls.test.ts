import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handle, natsTransport, renderNatsConfig, startNatsServer, type NatsServerProcess } from '../src/index.ts';
import { greet } from './contracts.ts';
import { natsBinary, skipReason } from './nats-world.ts';
import { serve } from './world.ts';

const binary = natsBinary();
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
// A machine of one's own may lack it; the build that decides may not.
if (!hasOpenssl && process.env['CI'] === 'true') throw new Error('openssl is missing');
const usable = binary !== undefined && hasOpenssl;
if (!usable) console.warn(`skipped: ${hasOpenssl ? skipReason : 'openssl is absent'}`);

describe.skipIf(!usable)('NATS over TLS (needs nats-server and openssl)', () => {
  let folder: string;
  let server: NatsServerProcess;
  let ca: string;
  let port: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coffer-tls-'));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      // prettier-ignore
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
        '-subj', '/CN=bus', '-addext', 'subjectAltName=DNS:localhost', '-keyout', keyFile, '-out', certFile],
      { stdio: 'ignore' },
    );
    ca = readFileSync(certFile, 'utf8');
    const users = (['gateway', 'identity'] as const).map((service) => ({ service, password: 'p' }));
    const tls = { certFile, keyFile };
    const config = renderNatsConfig({ users, contracts: [greet], events: [], port: -1, tls });
    server = await startNatsServer({ binary: binary ?? '', folder, config });
    ({ port } = new URL(server.url));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['tls', 'nats'])('carries calls to %s:// URLs when the authority is known', async (scheme) => {
    const open = (service: 'gateway' | 'identity') =>
      natsTransport({ servers: [`${scheme}://localhost:${port}`], service, user: service, password: 'p', tls: { ca } });
    const [gateway, identity] = [await open('gateway'), await open('identity')];
    await serve(identity, [handle(greet, async ({ name }) => ({ text: name }))]);
    expect((await gateway.client.call(greet, { name: 'sealed' })).text).toBe('sealed');
    await gateway.drain();
    await identity.drain();
  });

  it('refuses a bus with a certificate of unknown origin', async () => {
    const servers = [`tls://localhost:${port}`];
    await expect(
      natsTransport({ servers, service: 'gateway', user: 'gateway', password: 'p', tls: {} }),
    ).rejects.toThrow();
  });
});
