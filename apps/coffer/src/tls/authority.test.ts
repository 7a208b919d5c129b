import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureCertificates, serverNames, type TlsFiles } from './authority.ts';

const DAY_MS = 86_400_000;
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'coffer-tls-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Resolves with the error that the client sees, or undefined. */
async function handshake(
  files: TlsFiles,
  servername: string,
  ca = readFileSync(files.caFile),
): Promise<string | undefined> {
  const server = createServer({ cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return await new Promise((resolve) => {
    const finish = (outcome: string | undefined): void => {
      socket.destroy();
      server.close();
      resolve(outcome);
    };
    const host = servername === '127.0.0.1' ? {} : { servername };
    const socket = connect({ host: '127.0.0.1', port, ca, ...host }, () => finish(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}

describe('certificates', () => {
  it('are good for every name that clients use, and for no other', async () => {
    const files = await ensureCertificates(folder, serverNames('127.0.0.1', []));
    for (const name of ['localhost', '127.0.0.1', 's3.localhost', 'my-bucket.s3.localhost']) {
      expect(await handshake(files, name), name).toBeUndefined();
    }
    expect(await handshake(files, 'example.com')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(statSync(files.keyFile).mode & 0o777).toBe(0o600);
  });

  it('stay as they are until they near their end; the authority stays longer', async () => {
    const names = serverNames('127.0.0.1', []);
    const files = await ensureCertificates(folder, names);
    const read = (): string[] =>
      [files.caFile, files.certFile, files.keyFile].map((file) => readFileSync(file, 'utf8'));
    const before = read();
    await ensureCertificates(folder, names);
    expect(read()).toEqual(before);
    await ensureCertificates(folder, names, Date.now() + 320 * DAY_MS);
    const renewed = read();
    expect(renewed[0]).toBe(before[0]);
    expect(renewed[1]).not.toBe(before[1]);
  });

  it.each(['server.pem', 'server.key'])('are made anew when %s is damaged, by the same authority', async (name) => {
    const own = join(folder, `damaged ${name}`);
    const names = serverNames('127.0.0.1', []);
    const { caFile } = await ensureCertificates(own, names);
    const authority = readFileSync(caFile, 'utf8');
    writeFileSync(join(own, name), 'x');
    const files = await ensureCertificates(own, names);
    expect(readFileSync(files.caFile, 'utf8')).toBe(authority);
    expect(await handshake(files, 'localhost')).toBeUndefined();
  });

  it.each(['ca.pem', 'ca.key'])('are not made by another authority when %s is damaged', async (name) => {
    const own = join(folder, `damaged ${name}`);
    const names = serverNames('127.0.0.1', []);
    await ensureCertificates(own, names);
    writeFileSync(join(own, name), 'x');
    await expect(ensureCertificates(own, names)).rejects.toThrow(
      `${join(own, 'ca.pem')} or ${join(own, 'ca.key')} is damaged; put both back from a backup`,
    );
    expect(readFileSync(join(own, name), 'utf8')).toBe('x');
  });

  it('are made anew for names that were added', async () => {
    const own = await ensureCertificates(join(folder, 'named'), serverNames('127.0.0.1', []));
    expect(await handshake(own, 'bucket.store.test')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    const files = await ensureCertificates(join(folder, 'named'), serverNames('0.0.0.0', ['store.test']));
    expect(await handshake(files, 'bucket.store.test')).toBeUndefined();
  });
});
