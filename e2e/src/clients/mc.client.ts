import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from '@coffer/testing';
import { beforeAll, expect, it } from 'vitest';
import { newUser } from '../harness/accounts.ts';
import type { Keys } from '../harness/clients.ts';
import { bytes, md5, MiB } from '../harness/data.ts';
import { stack } from '../harness/stack.ts';
import { hashes } from '../harness/trees.ts';
import { ClientProgram, clientFolder, versionOf } from './client-program.ts';
import { bucketToMake, clientBucket, manyKeys } from './host-names.ts';
import { MANY } from './many-keys.ts';
import { onCells } from './on-cells.ts';
import { openUrl } from './open-url.ts';
import { LARGE, sampleTree, stored } from './samples.ts';

/** A release names its date; what `go install` built has the version of its module in it. */
function version(): string {
  const said = versionOf('mc', ['--version'], /^mc version (\S+)/m);
  if (!said.startsWith('DEVELOPMENT')) return said;
  return /mod\tgithub\.com\/minio\/mc\t(\S+)/.exec(readFileSync(binary('mc'), 'latin1'))?.[1] ?? said;
}

onCells({ name: 'mc', programs: ['mc'], version }, (cell) => {
  let folder: string;
  let bucket: string;
  let mc: ClientProgram;
  const file = (name: string) => join(folder, name);
  const at = (key = '', alias = 'coffer') => `${alias}/${bucket}/${key}`;

  /** In virtual-host style by import: `mc alias set` first asks a bucket of its own invention whether it answers. */
  const alias = async (name: string, { accessKeyId, secretAccessKey }: Keys) => {
    if (cell.pathStyle) {
      await mc.run([
        'alias',
        'set',
        name,
        cell.endpoint,
        accessKeyId,
        secretAccessKey,
        '--api',
        'S3v4',
        '--path',
        'on',
      ]);
    } else {
      const keys = { accessKey: accessKeyId, secretKey: secretAccessKey };
      writeFileSync(file(`${name}.json`), JSON.stringify({ url: cell.endpoint, ...keys, api: 's3v4', path: 'off' }));
      await mc.run(['alias', 'import', name, file(`${name}.json`)]);
    }
  };

  beforeAll(async () => {
    folder = await clientFolder('mc');
    mkdirSync(file('config/certs/CAs'), { recursive: true });
    if (cell.secure) copyFileSync(stack().caBundle!, file('config/certs/CAs/coffer.crt'));
    mc = new ClientProgram('mc', folder, { MC_CONFIG_DIR: file('config') });
    bucket = await clientBucket();
    await alias('coffer', stack());
  });

  it('makes and removes a bucket', async () => {
    const made = bucketToMake();
    await mc.run(['mb', `coffer/${made}`]);
    expect(await mc.run(['ls', 'coffer'])).toContain(made);
    await mc.run(['rb', `coffer/${made}`]);
    expect(await mc.run(['ls', 'coffer'])).not.toContain(made);
  });

  it('mirrors a folder up and down, and sees a difference', async () => {
    const files = await sampleTree(file('tree'));
    await mc.run(['mirror', '--quiet', file('tree'), at('tree')]);
    expect(await mc.run(['diff', file('tree'), at('tree')])).toBe('');
    await mc.run(['mirror', '--quiet', at('tree'), file('tree-back')]);
    const expected = await hashes(file('tree'));
    expect(expected.size).toBe(files);
    expect(await hashes(file('tree-back'))).toEqual(expected);
    await mc.run(['rm', at('tree/a space.txt')]);
    expect(await mc.run(['diff', file('tree'), at('tree')])).toContain('a space.txt');
  });

  it('copies a large file in parts and tells of it', async () => {
    const large = file('large');
    writeFileSync(large, bytes(LARGE));
    await mc.run(['cp', '--quiet', '--attr', 'colour=blue', large, at('large')]);
    const said = await mc.json(['stat', '--json', at('large')]);
    expect(said).toMatchObject({ size: LARGE, metadata: { 'X-Amz-Meta-Colour': 'blue' } });
    expect((await mc.bytes(['cat', at('large')])).equals(readFileSync(large))).toBe(true);
    await mc.run(['cp', '--quiet', at('large'), at('copied ü+')]);
    expect((await stored(bucket, 'copied ü+')).equals(readFileSync(large))).toBe(true);
  });

  it('stores a stream of unknown length, in parts, and an empty one', async () => {
    const data = bytes(36 * MiB + 1);
    await mc.run(['pipe', '--part-size', '16MiB', at('stream')], data);
    expect((await mc.json(['stat', '--json', at('stream')])).etag).toMatch(/-3$/);
    expect((await stored(bucket, 'stream')).equals(data)).toBe(true);
    await mc.run(['pipe', at('empty')], '');
    expect(await stored(bucket, 'empty')).toHaveLength(0);
  });

  it('compares small objects by their MD5', async () => {
    const data = bytes(4_000);
    writeFileSync(file('small'), data);
    await mc.run(['cp', '--quiet', file('small'), at('small')]);
    expect((await mc.json(['stat', '--json', at('small')])).etag).toBe(md5(data));
  });

  it('shares by a URL, for download and for upload', async () => {
    const data = bytes(50_000);
    writeFileSync(file('shared'), data);
    await mc.run(['cp', '--quiet', file('shared'), at('shared/ü +')]);
    const { share } = await mc.json(['share', 'download', '--json', '--expire', '5m', at('shared/ü +')]);
    expect(share).toContain(cell.pathStyle ? `${cell.endpoint}/${bucket}/` : `://${bucket}.${cell.host}/`);
    expect((await openUrl(share)).body.equals(data)).toBe(true);
  });

  it('lists more than a page', async () => {
    const listed = await mc.run(['ls', '--recursive', `coffer/${manyKeys()}`]);
    expect(listed.trim().split('\n')).toHaveLength(MANY);
  });

  it('removes one and many', async () => {
    await mkdir(file('gone'));
    for (const name of ['a', 'b', 'c d']) writeFileSync(join(file('gone'), name), name);
    await mc.run(['mirror', '--quiet', file('gone'), at('gone')]);
    await mc.run(['rm', at('gone/a')]);
    expect((await mc.run(['ls', at('gone/')])).trim().split('\n')).toHaveLength(2);
    await mc.run(['rm', '--recursive', '--force', at('gone')]);
    expect((await mc.run(['ls', '--recursive', at('gone/')])).trim()).toBe('');
  });

  it('tells what is absent and what is forbidden', async () => {
    expect((await mc.refused(['stat', at('absent')])).said).toMatch(/Object does not exist|Unable to stat/);
    await alias('stranger', await newUser());
    expect((await mc.refused(['cat', at('empty', 'stranger')])).said).toMatch(/Access Denied|Insufficient permissions/);
    const { said } = await mc.refused(['pipe', at('new', 'stranger')], 'x');
    expect(said).toMatch(/Access Denied|Insufficient permissions/);
    expect((await mc.refused(['ilm', 'rule', 'ls', `coffer/${bucket}`])).said).toMatch(
      /NotImplemented|not served|not implemented/i,
    );
  });
});
