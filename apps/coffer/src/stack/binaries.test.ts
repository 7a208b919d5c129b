import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findBinaries, natsVersion } from './binaries.ts';

const folder = mkdtempSync(join(tmpdir(), 'coffer-binaries-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, output: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\necho '${output}'\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('programs of the native stack', () => {
  it('reads the version', () => {
    expect(natsVersion('nats-server: v2.15.2')).toEqual([2, 15]);
    expect(natsVersion('something else')).toBeUndefined();
  });

  it('names every program that is lacking and how to get it', () => {
    const env = { PATH: folder, COFFER_NATS_BIN: join(folder, 'none'), COFFER_MINIO_BIN: join(folder, 'none') };
    expect(() => findBinaries(env)).toThrow(
      new RegExp(`COFFER_NATS_BIN names ${env.COFFER_NATS_BIN}, which cannot be run`),
    );
    expect(() => findBinaries(env)).toThrow(
      /nats-server 2\.10 or newer.*go install github\.com\/nats-io\/nats-server\/v2@latest/,
    );
    expect(() => findBinaries(env)).toThrow(/needs MinIO.*go install github\.com\/minio\/minio@latest/);
  });

  it('refuses a nats-server that is too old and takes one that is not', () => {
    const minio = script('minio', '');
    const old = { COFFER_NATS_BIN: script('nats-old', 'nats-server: v2.9.10'), COFFER_MINIO_BIN: minio };
    expect(() => findBinaries(old)).toThrow(/nats-old is older/);
    const fit = { COFFER_NATS_BIN: script('nats-new', 'nats-server: v2.10.0'), COFFER_MINIO_BIN: minio };
    expect(findBinaries(fit)).toEqual({ nats: fit.COFFER_NATS_BIN, minio });
  });
});
