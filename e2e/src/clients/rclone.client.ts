import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { newUser } from '../harness/accounts.ts';
import type { Keys } from '../harness/clients.ts';
import { bytes, MiB } from '../harness/data.ts';
import { eventually } from '../harness/eventually.ts';
import { stack } from '../harness/stack.ts';
import { hashes } from '../harness/trees.ts';
import { ClientProgram, clientFolder, versionOf } from './client-program.ts';
import { bucketToMake, clientBucket, manyKeys } from './host-names.ts';
import { MANY } from './many-keys.ts';
import { isMounted, whyNoFuse } from './mounts.ts';
import { onCells } from './on-cells.ts';
import { openUrl } from './open-url.ts';
import { LARGE, sampleTree, stored } from './samples.ts';

const version = () => versionOf('rclone', ['version'], /^rclone v([\d.]+)/m);

onCells({ name: 'rclone', programs: ['rclone'], version }, (cell) => {
  let folder: string;
  let bucket: string;
  let rclone: ClientProgram;
  const file = (name: string) => join(folder, name);
  const at = (key = '', remote = 'coffer') => `${remote}:${bucket}/${key}`;

  const remote = (name: string, { accessKeyId, secretAccessKey }: Keys) => [
    `[${name}]`,
    'type = s3',
    'provider = Other',
    `endpoint = ${cell.endpoint}`,
    `region = ${stack().region}`,
    `access_key_id = ${accessKeyId}`,
    `secret_access_key = ${secretAccessKey}`,
    `force_path_style = ${cell.pathStyle}`,
    'chunk_size = 5Mi',
    'upload_cutoff = 5Mi',
    '',
  ];

  beforeAll(async () => {
    folder = await clientFolder('rclone');
    const lines = [...remote('coffer', stack()), ...remote('stranger', await newUser())];
    writeFileSync(file('rclone.conf'), lines.join('\n'));
    rclone = new ClientProgram('rclone', folder, {
      RCLONE_CONFIG: file('rclone.conf'),
      RCLONE_RETRIES: '1',
      RCLONE_LOW_LEVEL_RETRIES: '1',
      ...(cell.secure && { RCLONE_CA_CERT: stack().caBundle! }),
    });
    bucket = await clientBucket();
  });

  it('makes and removes a bucket', async () => {
    const made = bucketToMake();
    await rclone.run(['mkdir', `coffer:${made}`]);
    expect(await rclone.run(['lsd', 'coffer:'])).toContain(made);
    await rclone.run(['rmdir', `coffer:${made}`]);
    expect(await rclone.run(['lsd', 'coffer:'])).not.toContain(made);
  });

  it('syncs a folder up and down, and checks it by its bytes', async () => {
    const files = await sampleTree(file('tree'));
    await rclone.run(['sync', file('tree'), at('tree')]);
    const { stderr } = await rclone.finished(['check', '--download', file('tree'), at('tree')]);
    expect(stderr).toContain('0 differences found');
    expect(stderr).toContain(`${files} matching files`);
    await rclone.run(['sync', at('tree'), file('tree-back')]);
    expect(await hashes(file('tree-back'))).toEqual(await hashes(file('tree')));

    writeFileSync(file('tree/empty'), 'no longer');
    await rm(file('tree/large.bin'));
    expect((await rclone.refused(['check', file('tree'), at('tree')])).said).toContain('2 differences found');
    await rclone.run(['sync', file('tree'), at('tree')]);
    expect(await rclone.run(['lsf', at('tree')])).not.toContain('large.bin');
    expect((await stored(bucket, 'tree/empty')).toString()).toBe('no longer');
  });

  it('keeps the time of a file, of a large one too', async () => {
    writeFileSync(file('timed'), bytes(LARGE));
    await rclone.run(['copyto', file('timed'), at('timed')]);
    const sizeAndTime = (await rclone.run(['lsl', at('timed')])).trim();
    expect(sizeAndTime).toBe((await rclone.run(['lsl', file('timed')])).trim());
  });

  it('stores a stream of unknown length in parts, and an empty one', async () => {
    const data = bytes(17 * MiB + 3);
    await rclone.run(['rcat', at('stream')], data);
    expect((await rclone.bytes(['cat', at('stream')])).equals(data)).toBe(true);
    await rclone.run(['rcat', at('nothing')], '');
    expect(await stored(bucket, 'nothing')).toHaveLength(0);
  });

  it('moves and copies on the server', async () => {
    const data = bytes(70_000);
    await rclone.run(['rcat', at('from +ü')], data);
    await rclone.run(['copyto', at('from +ü'), at('to')]);
    await rclone.run(['moveto', at('from +ü'), at('moved ö')]);
    expect((await stored(bucket, 'to')).equals(data)).toBe(true);
    expect((await stored(bucket, 'moved ö')).equals(data)).toBe(true);
    expect(await rclone.run(['lsf', '--files-only', '--include', 'from*', at()])).toBe('');
  });

  it('signs a URL that anybody opens', async () => {
    const data = bytes(50_000);
    await rclone.run(['rcat', at('signed/ü +')], data);
    const url = (await rclone.run(['link', '--expire', '1m', at('signed/ü +')])).trim();
    expect(url).toContain(cell.pathStyle ? `${cell.endpoint}/${bucket}/` : `://${bucket}.${cell.host}/`);
    expect((await openUrl(url)).body.equals(data)).toBe(true);
  });

  it('lists more than a page', async () => {
    const listed = await rclone.run(['lsf', '-R', '--files-only', `coffer:${manyKeys()}`]);
    expect(listed.trim().split('\n')).toHaveLength(MANY);
  });

  it('deletes one and many', async () => {
    for (const name of ['a', 'b', 'c d']) await rclone.run(['rcat', at(`gone/${name}`)], name);
    await rclone.run(['deletefile', at('gone/a')]);
    await rclone.run(['purge', at('gone')]);
    expect(await rclone.run(['lsf', '-R', '--include', 'gone/**', at()])).toBe('');
  });

  it('ends with the codes that it has for refusals', async () => {
    const noBucket = await rclone.refused(['lsf', 'coffer:clients-no-such-bucket']);
    if (cell.pathStyle)
      expect(noBucket).toMatchObject({ code: 3, said: expect.stringContaining('directory not found') });
    else expect(noBucket).toMatchObject({ code: 1, said: expect.stringContaining('no such host') });
    const absent = await rclone.refused(['deletefile', at('absent')]);
    expect(absent.said).toContain("is a directory or doesn't exist");
    const forbidden = await rclone.refused(['rcat', at('forbidden', 'stranger')], 'x');
    expect(forbidden.said).toMatch(/AccessDenied|Forbidden/);
  });

  const noFuse = whyNoFuse();
  it('mounts a bucket as a folder', async (context) => {
    if (noFuse !== undefined) context.skip(noFuse);
    const mountpoint = file('mounted');
    mkdirSync(mountpoint);
    await rclone.run(['rcat', at('mount/before')], 'before');
    const options = ['--vfs-cache-mode', 'writes', '--vfs-write-back', '0s', '--cache-dir', file('cache')];
    const running = rclone.finished(['mount', at('mount'), mountpoint, ...options]);
    try {
      await Promise.race([
        eventually(async () => expect(await isMounted(mountpoint)).toBe(true), 30_000),
        running.then(({ stderr }) => Promise.reject(new Error(stderr))),
      ]);
      expect((await hashes(mountpoint)).size).toBe(1);
      await sampleTree(file('to-mount'), 10);
      await cp(file('to-mount'), join(mountpoint, 'tree'), { recursive: true });
      expect(await hashes(join(mountpoint, 'tree'))).toEqual(await hashes(file('to-mount')));
      expect((await stored(bucket, 'mount/tree/a space.txt')).length).toBe(1_000);
      await rm(join(mountpoint, 'before'));
      expect(existsSync(join(mountpoint, 'before'))).toBe(false);
    } finally {
      const unmount = new ClientProgram('fusermount3', folder, {});
      await unmount.finished(['-u', mountpoint]);
    }
    expect((await running).code).toBe(0);
    const { stderr } = await rclone.finished(['check', '--download', file('to-mount'), at('mount/tree')]);
    expect(stderr).toContain('0 differences found');
    expect(await rclone.run(['lsf', at('mount')])).toBe('tree/\n');
  });
});
