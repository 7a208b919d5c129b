import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { newUser } from '../harness/accounts.ts';
import type { Keys } from '../harness/clients.ts';
import { bytes, MiB } from '../harness/data.ts';
import { stack } from '../harness/stack.ts';
import { hash, hashes } from '../harness/trees.ts';
import { ClientProgram, clientFolder, versionOf } from './client-program.ts';
import { bucketToMake, clientBucket, manyKeys } from './host-names.ts';
import { MANY } from './many-keys.ts';
import { onCells } from './on-cells.ts';
import { openUrl } from './open-url.ts';
import { sampleTree, stored } from './samples.ts';

const version = () => versionOf('s3cmd', ['--version'], /^s3cmd version (\S+)/);

onCells({ name: 's3cmd', programs: ['s3cmd'], version }, (cell) => {
  let folder: string;
  let bucket: string;
  let s3cmd: ClientProgram;
  const file = (name: string) => join(folder, name);
  const at = (key = '') => `s3://${bucket}/${key}`;

  const configuration = (name: string, { accessKeyId, secretAccessKey }: Keys) => {
    const lines = [
      '[default]',
      `access_key = ${accessKeyId}`,
      `secret_key = ${secretAccessKey}`,
      `host_base = ${cell.host}`,
      `host_bucket = ${cell.pathStyle ? '' : '%(bucket)s.'}${cell.host}`,
      `bucket_location = ${stack().region}`,
      `use_https = ${cell.secure ? 'True' : 'False'}`,
      ...(cell.secure ? [`ca_certs_file = ${stack().caBundle}`] : []),
      'multipart_chunk_size_mb = 5',
      'max_retries = 1',
    ];
    writeFileSync(file(name), `${lines.join('\n')}\n`);
    return ['--config', file(name), '--no-progress'];
  };

  const as = (args: string[]) => [...configuration('s3cmd.cfg', stack()), ...args];
  const run = async (...args: string[]) => await s3cmd.run(as(args));

  beforeAll(async () => {
    folder = await clientFolder('s3cmd');
    s3cmd = new ClientProgram('s3cmd', folder, { LC_ALL: 'C.UTF-8' });
    bucket = await clientBucket();
  });

  it('makes and removes a bucket', async () => {
    const made = bucketToMake();
    expect(await run('mb', `s3://${made}`)).toContain('created');
    expect(await run('ls')).toContain(made);
    expect(await run('rb', `s3://${made}`)).toContain('removed');
  });

  it('syncs a folder up and down', async () => {
    const files = await sampleTree(file('tree'), 20);
    await run('sync', `${file('tree')}/`, at('tree/'));
    expect(await run('sync', `${file('tree')}/`, at('tree/')), 'nothing is left to do').not.toContain('upload:');
    mkdirSync(file('tree-back'));
    await run('sync', at('tree/'), `${file('tree-back')}/`);
    const expected = await hashes(file('tree'));
    expect(expected.size).toBe(files);
    expect(await hashes(file('tree-back'))).toEqual(expected);
  });

  it('puts a large file in parts, and gets it', async () => {
    expect(await run('ls', at('tree/large.bin'))).toMatch(/22020113/);
    await run('get', '--force', at('tree/large.bin'), file('large-back'));
    expect(await hash(file('large-back'))).toBe(await hash(file('tree/large.bin')));
    expect(await run('multipart', `s3://${bucket}`), 'no upload is left').not.toContain('large');
  });

  it('puts a stream of unknown length in parts, and an empty file', async () => {
    const data = bytes(11 * MiB + 5);
    await s3cmd.run(as(['put', '-', at('stream')]), data);
    expect((await stored(bucket, 'stream')).equals(data)).toBe(true);
    expect((await s3cmd.bytes(as(['get', '--quiet', at('stream'), '-']))).equals(data)).toBe(true);
    writeFileSync(file('empty'), '');
    await run('put', file('empty'), at('empty'));
    expect(await stored(bucket, 'empty')).toHaveLength(0);
  });

  it('copies and moves on the server', async () => {
    const data = bytes(70_000);
    writeFileSync(file('from'), data);
    await run('put', file('from'), at('from +ü'));
    await run('cp', at('from +ü'), at('to'));
    await run('mv', at('from +ü'), at('moved ö'));
    expect((await stored(bucket, 'to')).equals(data)).toBe(true);
    expect((await stored(bucket, 'moved ö')).equals(readFileSync(file('from')))).toBe(true);
    expect(await run('ls', at('from'))).toBe('');
  });

  it('signs a URL that anybody opens', async () => {
    const data = bytes(50_000);
    writeFileSync(file('signed'), data);
    await run('put', file('signed'), at('signed'));
    const url = (await run('signurl', at('signed'), '+60')).trim();
    expect((await openUrl(url)).body.equals(data)).toBe(true);
  });

  it('lists more than a page', async () => {
    const listed = await run('ls', '--recursive', `s3://${manyKeys()}`);
    expect(listed.trim().split('\n')).toHaveLength(MANY);
  });

  it('deletes one and many', async () => {
    for (const name of ['a', 'b', 'c d']) await run('put', file('empty'), at(`gone/${name}`));
    await run('del', at('gone/a'));
    await run('del', '--recursive', '--force', at('gone/'));
    expect(await run('ls', at('gone/'))).toBe('');
  });

  it('ends with the codes that it has for refusals', async () => {
    const absent = await s3cmd.refused(as(['get', at('absent'), file('absent')]));
    expect(absent).toMatchObject({ code: 64, said: expect.stringContaining('does not exist') });
    const noBucket = await s3cmd.refused(as(['ls', 's3://clients-no-such-bucket']));
    if (cell.pathStyle) expect(noBucket).toMatchObject({ code: 12, said: expect.stringContaining('NoSuchBucket') });
    const stranger = configuration('stranger.cfg', await newUser());
    const forbidden = await s3cmd.refused([...stranger, 'put', file('empty'), at('forbidden')]);
    expect(forbidden).toMatchObject({ code: 77, said: expect.stringContaining('AccessDenied') });
  });
});
