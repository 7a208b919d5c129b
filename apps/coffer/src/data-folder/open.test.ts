import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layoutOf } from './layout.ts';
import { openDataFolder } from './open.ts';
import { rootKeyEnvironment } from './root-key.ts';

let base: string;
beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'coffer-folder-'))));
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('data folder', () => {
  it('is made for its owner alone and can be opened again', () => {
    const folder = join(base, 'a', 'b');
    openDataFolder(folder, 'embedded').lock.release();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    chmodSync(folder, 0o755);
    openDataFolder(folder, 'embedded').lock.release();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('is in use while somebody holds it', () => {
    const { lock } = openDataFolder(join(base, 'x'), 'embedded');
    expect(() => openDataFolder(join(base, 'x'), 'embedded')).toThrow(/is in use/);
    lock.release();
    openDataFolder(join(base, 'x'), 'embedded').lock.release();
  });

  it('of one mode is refused to the other', () => {
    openDataFolder(join(base, 'x'), 'stack').lock.release();
    expect(() => openDataFolder(join(base, 'x'), 'embedded')).toThrow(/belongs to "coffer stack"/);
  });

  it("never takes over somebody else's files", () => {
    writeFileSync(join(base, 'letter.txt'), 'x');
    expect(() => openDataFolder(base, 'embedded')).toThrow(/is not empty and no data folder of Coffer/);
    expect(readdirSync(base)).toEqual(['letter.txt']);
    expect(() => openDataFolder(join(base, 'letter.txt'), 'embedded')).toThrow(/is not a folder/);
  });

  it('that cannot be made is refused, with the reason', () => {
    writeFileSync(join(base, 'file'), '');
    expect(() => openDataFolder(join(base, 'file'), 'embedded')).toThrow('is not a folder');
    expect(() => openDataFolder(join(base, 'file', 'below'), 'embedded')).toThrow('is not a folder');
  });

  it('where none can be made is refused rather than tried for ever', ({ skip }) => {
    skip(!existsSync('/proc/self'), 'no folder of this machine is known in which none can be made');
    expect(() => openDataFolder('/proc/coffer-data', 'embedded')).toThrow('cannot be used (ENOENT)');
  });

  it('of a newer format is refused', () => {
    writeFileSync(join(base, 'coffer.json'), '{"format":2,"mode":"embedded"}');
    expect(() => openDataFolder(base, 'embedded')).toThrow(/another version of Coffer/);
  });
});

describe('root key', () => {
  it('is generated once, for its owner alone', () => {
    const layout = layoutOf(base);
    expect(rootKeyEnvironment(layout, {})).toEqual({ COFFER_ROOT_KEY_FILE: layout.rootKey });
    const key = readFileSync(layout.rootKey, 'utf8');
    expect(key).toMatch(/^[0-9a-f]{64}\n$/);
    expect(statSync(layout.rootKey).mode & 0o777).toBe(0o600);
    rootKeyEnvironment(layout, {});
    expect(readFileSync(layout.rootKey, 'utf8')).toBe(key);
  });

  it('is never replaced by a new one where there is data', () => {
    const layout = layoutOf(base);
    mkdirSync(layout.postgres);
    expect(() => rootKeyEnvironment(layout, {})).toThrow(/is gone; put it back/);
    expect(existsSync(layout.rootKey)).toBe(false);
  });

  it('of the environment goes first', () => {
    expect(rootKeyEnvironment(layoutOf(base), { COFFER_ROOT_KEY: 'k' })).toEqual({ COFFER_ROOT_KEY: 'k' });
    expect(existsSync(layoutOf(base).rootKey)).toBe(false);
  });
});
