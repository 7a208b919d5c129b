import { rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { beforeAll, expect, it } from 'vitest';
import { newUser } from '../harness/accounts.ts';
import type { Keys } from '../harness/clients.ts';
import { s3 } from '../harness/clients.ts';
import { bytes } from '../harness/data.ts';
import { stack } from '../harness/stack.ts';
import { hashes, pseudoRandomFile } from '../harness/trees.ts';
import { ClientProgram, clientFolder, versionOf } from './client-program.ts';
import { bucketToMake } from './host-names.ts';
import { onCells } from './on-cells.ts';
import { LARGE, sampleTree } from './samples.ts';

const version = () => versionOf('restic', ['version'], /^restic (\S+)/);

onCells({ name: 'restic', programs: ['restic'], version }, (cell) => {
  let folder: string;
  let tree: string;
  let bucket: string;
  let restic: ClientProgram;
  const file = (name: string) => join(folder, name);

  const as = ({ accessKeyId, secretAccessKey }: Keys, password = 'a password for tests') =>
    new ClientProgram('restic', folder, {
      RESTIC_REPOSITORY: `s3:${cell.endpoint}/${bucket}/back up`,
      RESTIC_PASSWORD: password,
      RESTIC_CACHE_DIR: file('cache'),
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_DEFAULT_REGION: stack().region,
    });
  const options = () => [
    '--option',
    `s3.bucket-lookup=${cell.pathStyle ? 'path' : 'dns'}`,
    ...(cell.secure ? ['--cacert', stack().caBundle!] : []),
  ];
  const run = async (...args: string[]) => await restic.run([...options(), ...args]);

  /** What a snapshot holds is what the folder held; `--target` puts it below its whole path. */
  const expectRestored = async (snapshot: string, expected: Map<string, string>) => {
    const target = file('restored');
    await run('restore', snapshot, '--target', target, '--verify');
    expect(await hashes(join(target, tree))).toEqual(expected);
    rmSync(target, { recursive: true });
  };

  beforeAll(async () => {
    folder = await clientFolder('restic');
    tree = file('tree');
    bucket = bucketToMake();
    restic = as(stack());
    await sampleTree(tree, 100);
  });

  let first: Map<string, string>;

  it('makes its bucket and a repository', async () => {
    expect(await run('init')).toContain('created restic repository');
    expect((await restic.refused([...options(), 'init'])).said).toMatch(/already exists|already initialized/);
  });

  it('backs up, checks every byte, and restores', async () => {
    first = await hashes(tree);
    await run('backup', '--tag', 'first', tree);
    expect(await run('check', '--read-data')).toContain('no errors were found');
    await expectRestored('latest', first);
  });

  it('backs up what has changed', async () => {
    writeFileSync(join(tree, 'new ü.txt'), bytes(40_000));
    await rm(join(tree, 'large.bin'));
    await pseudoRandomFile(join(tree, 'larger.bin'), LARGE + 1_000);
    await run('backup', '--tag', 'second', tree);
    await expectRestored('latest', await hashes(tree));
    const [one, two] = JSON.parse(await run('snapshots', '--json')) as { short_id: string }[];
    const changes = await run('diff', one!.short_id, two!.short_id);
    expect(changes).toMatch(/^\+ +.*new ü\.txt$/m);
    expect(changes).toMatch(/^- +.*large\.bin$/m);
    await expectRestored(one!.short_id, first);
  });

  it('backs up a stream', async () => {
    const data = bytes(3_000_000);
    await restic.run([...options(), 'backup', '--tag', 'stream', '--stdin', '--stdin-filename', 'dump'], data);
    const dumped = await restic.bytes([...options(), 'dump', '--tag', 'stream', 'latest', '/dump']);
    expect(dumped.equals(data)).toBe(true);
  });

  it('forgets, prunes what nobody needs, and is whole afterwards', async () => {
    const size = async () => {
      const { Contents } = await s3().send(new ListObjectsV2Command({ Bucket: bucket }));
      return (Contents ?? []).reduce((sum, { Size }) => sum + Size!, 0);
    };
    const before = await size();
    await run('forget', '--tag', 'first', '--tag', 'stream', '--keep-tag', 'second', '--prune');
    expect(await size()).toBeLessThan(before - LARGE / 2);
    expect(JSON.parse(await run('snapshots', '--json'))).toHaveLength(1);
    expect(await run('check', '--read-data')).toContain('no errors were found');
    await expectRestored('latest', await hashes(tree));
  });

  it('leaves no lock', async () => {
    const { Contents } = await s3().send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'back up/locks/' }));
    expect(Contents).toBeUndefined();
  });

  it('tells what is forbidden', async () => {
    const stranger = as(await newUser());
    expect((await stranger.refused([...options(), 'snapshots', '--no-lock'])).said).toMatch(
      /Access Denied|AccessDenied/,
    );
    const forgot = as(stack(), 'another password');
    expect((await forgot.refused([...options(), 'snapshots'])).said).toMatch(/wrong password/);
  });
});
