import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRootKey, RootKeyError } from './read-root-key.ts';

const key = randomBytes(32);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'root-key-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

describe('readRootKey', () => {
  test.each([
    ['base64', key.toString('base64')],
    ['base64 without padding', key.toString('base64').replace('=', '')],
    ['hexadecimal', key.toString('hex')],
    ['hexadecimal in capitals, with a line end', `${key.toString('hex').toUpperCase()}\n`],
  ])('reads %s from the environment and from a file', async (name, text) => {
    expect(await readRootKey({ rootKey: text })).toEqual(key);
    expect(await readRootKey({ rootKeyFile: await file(`good ${name}`, text) })).toEqual(key);
  });

  test.each([0o640, 0o604, 0o660, 0o644, 0o610, 0o601])('refuses a file of mode %o', async (mode) => {
    const path = await file(`mode ${mode}`, key.toString('hex'), mode);
    const failure = await readRootKey({ rootKeyFile: path }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RootKeyError);
    expect((failure as Error).message).toContain('chmod 0600');
    expect((failure as Error).message).toContain(path);
  });

  test('follows a link to a private file, as mounted secrets are', async () => {
    const link = join(folder, 'link');
    await symlink(await file('target', key.toString('hex'), 0o400), link);
    expect(await readRootKey({ rootKeyFile: link })).toEqual(key);
  });

  test.each([
    ['nothing at all', {}, /no root key/],
    ['two sources', { rootKey: key.toString('hex'), rootKeyFile: '/nowhere' }, /one of them/],
    ['a file that is not there', { rootKeyFile: '/nowhere/at/all' }, /ENOENT/],
    ['a folder', { rootKeyFile: tmpdir() }, /not a regular file|EISDIR/],
    ['31 bytes', { rootKey: randomBytes(31).toString('base64') }, /32 bytes/],
    ['33 bytes', { rootKey: randomBytes(33).toString('hex') }, /32 bytes/],
    ['a pass phrase', { rootKey: 'correct horse battery staple' }, /32 bytes/],
  ])('refuses %s', async (_name, source, message) => {
    await expect(readRootKey(source)).rejects.toThrow(RootKeyError);
    await expect(readRootKey(source)).rejects.toThrow(message);
  });

  test('never repeats what it was given', async () => {
    const secret = `${key.toString('hex')}ff`;
    const failure = await readRootKey({ rootKey: secret }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RootKeyError);
    expect((failure as Error).message).not.toContain(secret.slice(0, 8));
  });
});
