import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { newUser } from '../harness/accounts.ts';
import { bytes, MiB, sha256 } from '../harness/data.ts';
import { hashes } from '../harness/trees.ts';
import { stack } from '../harness/stack.ts';
import { ClientProgram, clientFolder, versionOf } from './client-program.ts';
import { bucketToMake, clientBucket, manyKeys } from './host-names.ts';
import { MANY } from './many-keys.ts';
import { onCells } from './on-cells.ts';
import { openUrl } from './open-url.ts';
import { LARGE, ODD_NAMES, sampleTree, stored } from './samples.ts';

const version = () => versionOf('aws', ['--version'], /^aws-cli\/(\S+)/);

onCells({ name: 'aws-cli', programs: ['aws'], version }, (cell) => {
  let folder: string;
  let bucket: string;
  let aws: ClientProgram;
  const file = (name: string) => join(folder, name);
  const s3 = (key = '') => `s3://${bucket}/${key}`;
  const as = (keys: { accessKeyId: string; secretAccessKey: string }) => {
    const { caBundle, region } = stack();
    return new ClientProgram('aws', folder, {
      AWS_ENDPOINT_URL: cell.endpoint,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_DEFAULT_OUTPUT: 'json',
      AWS_CONFIG_FILE: file('config'),
      ...(cell.secure && { AWS_CA_BUNDLE: caBundle }),
    });
  };

  beforeAll(async () => {
    folder = await clientFolder('aws-cli');
    writeFileSync(file('config'), `[default]\ns3 =\n  addressing_style = ${cell.style}\n`);
    aws = as(stack());
    bucket = await clientBucket();
  });

  describe('s3', () => {
    it('makes and removes a bucket', async () => {
      const made = bucketToMake();
      expect(await aws.run(['s3', 'mb', `s3://${made}`])).toBe(`make_bucket: ${made}\n`);
      expect(await aws.run(['s3', 'rb', `s3://${made}`])).toBe(`remove_bucket: ${made}\n`);
    });

    it('syncs a folder up and down', async () => {
      const files = await sampleTree(file('tree'));
      await aws.run(['s3', 'sync', '--only-show-errors', file('tree'), s3('tree/')]);
      expect(await aws.run(['s3', 'sync', file('tree'), s3('tree/')]), 'nothing is left to do').toBe('');
      await aws.run(['s3', 'sync', '--only-show-errors', s3('tree/'), file('tree-back')]);
      const expected = await hashes(file('tree'));
      expect(expected.size).toBe(files);
      expect(await hashes(file('tree-back'))).toEqual(expected);
      const head = await aws.json(['s3api', 'head-object', '--bucket', bucket, '--key', 'tree/large.bin']);
      expect(head).toMatchObject({ ContentLength: LARGE, ETag: expect.stringMatching(/-3"$/) });
    });

    it('copies a stream of unknown length from standard input and to standard output', async () => {
      const data = bytes(18 * MiB + 3);
      await aws.run(['s3', 'cp', '-', s3('stream')], data);
      expect((await stored(bucket, 'stream')).equals(data)).toBe(true);
      expect((await aws.bytes(['s3', 'cp', s3('stream'), '-'])).equals(data)).toBe(true);
    });

    it('moves, and copies on the server', async () => {
      const data = bytes(70_000);
      writeFileSync(file('moved'), data);
      await aws.run(['s3', 'mv', '--quiet', file('moved'), s3('move/one two+three')]);
      await aws.run(['s3', 'cp', '--quiet', s3('move/one two+three'), s3('move/copied')]);
      await aws.run(['s3', 'mv', '--quiet', s3('move/one two+three'), s3('move/ü')]);
      const listed = await aws.json(['s3api', 'list-objects-v2', '--bucket', bucket, '--prefix', 'move/']);
      expect(listed.Contents.map(({ Key }: { Key: string }) => Key)).toEqual(['move/copied', 'move/ü']);
      expect((await aws.bytes(['s3', 'cp', s3('move/ü'), '-'])).equals(data)).toBe(true);
    });

    it('presigns a URL that anybody opens', async () => {
      const data = bytes(50_000);
      const key = ODD_NAMES[1]!;
      await aws.run(['s3', 'cp', '-', s3(key)], data);
      const url = (await aws.run(['s3', 'presign', s3(key), '--expires-in', '60'])).trim();
      expect(url).toContain(cell.pathStyle ? `${cell.endpoint}/${bucket}/` : `://${bucket}.${cell.host}/`);
      expect((await openUrl(url)).body.equals(data)).toBe(true);
    });

    it('lists more than a page', async () => {
      const listed = await aws.run(['s3', 'ls', '--recursive', `s3://${manyKeys()}`]);
      expect(listed.trim().split('\n')).toHaveLength(MANY);
    });

    it('stores an empty object', async () => {
      await aws.run(['s3', 'cp', '-', s3('nothing')], '');
      expect(await aws.run(['s3', 'cp', s3('nothing'), '-'])).toBe('');
    });

    it('removes one and many', async () => {
      await mkdir(file('gone'));
      for (const name of ['a', 'b', 'c d']) writeFileSync(join(file('gone'), name), name);
      await aws.run(['s3', 'sync', '--quiet', file('gone'), s3('gone/')]);
      expect(await aws.run(['s3', 'rm', s3('gone/a')])).toBe(`delete: ${s3('gone/a')}\n`);
      await aws.run(['s3', 'rm', '--recursive', '--quiet', s3('gone/')]);
      expect((await aws.refused(['s3', 'ls', s3('gone/')])).code).toBe(1);
    });

    it('tells what is absent and what is forbidden', async () => {
      const stranger = as(await newUser());
      expect((await aws.refused(['s3', 'cp', s3('absent'), '-'])).said).toContain('(404)');
      expect((await stranger.refused(['s3', 'cp', s3('nothing'), '-'])).said).toContain('(403)');
      expect((await stranger.refused(['s3', 'cp', '-', s3('nothing')], 'x')).said).toContain('(AccessDenied)');
      expect((await aws.refused(['s3', 'ls', 's3://e2e-no-such-bucket-0'])).said).toMatch(
        /NoSuchBucket|Could not conn/,
      );
    });
  });

  describe('s3api', () => {
    it('uploads in parts by hand, completes with their checksums, and reads a part and a range', async () => {
      const parts = [bytes(5 * MiB), bytes(5 * MiB), bytes(1_234)];
      const key = ['--bucket', bucket, '--key', 'by hand/ö'];
      const { UploadId } = await aws.json([
        's3api',
        'create-multipart-upload',
        ...key,
        '--checksum-algorithm',
        'SHA256',
        '--metadata',
        'colour=blue',
      ]);
      const upload = [...key, '--upload-id', UploadId];
      const done = [];
      for (const [n, part] of parts.entries()) {
        writeFileSync(file('part'), part);
        const number = ['--part-number', String(n + 1)];
        const put = ['s3api', 'upload-part', ...upload, ...number, '--checksum-algorithm', 'SHA256'];
        const { ETag, ChecksumSHA256 } = await aws.json([...put, '--body', file('part')]);
        expect(Buffer.from(ChecksumSHA256, 'base64').toString('hex')).toBe(sha256(part));
        done.push({ ETag, ChecksumSHA256, PartNumber: n + 1 });
      }
      const listed = await aws.json(['s3api', 'list-parts', ...upload]);
      expect(listed.Parts.map(({ Size }: { Size: number }) => Size)).toEqual(parts.map(({ length }) => length));
      const complete = ['s3api', 'complete-multipart-upload', ...upload, '--multipart-upload'];
      const { ETag, ChecksumSHA256 } = await aws.json([...complete, JSON.stringify({ Parts: done })]);
      expect(ETag).toMatch(/-3"$/);
      expect(ChecksumSHA256).toMatch(/-3$/);

      const whole = Buffer.concat(parts);
      const get = ['s3api', 'get-object', ...key, '--checksum-mode', 'ENABLED'];
      expect(await aws.json([...get, file('whole')])).toMatchObject({ Metadata: { colour: 'blue' } });
      expect(readFileSync(file('whole')).equals(whole)).toBe(true);
      await aws.json([...get, '--part-number', '3', file('third')]);
      expect(readFileSync(file('third')).equals(parts[2]!)).toBe(true);
      await aws.json([...get, '--range', `bytes=${5 * MiB - 5}-${5 * MiB + 4}`, file('range')]);
      expect(readFileSync(file('range')).equals(whole.subarray(5 * MiB - 5, 5 * MiB + 5))).toBe(true);
    });

    it('aborts an upload', async () => {
      const key = ['--bucket', bucket, '--key', 'aborted'];
      const { UploadId } = await aws.json(['s3api', 'create-multipart-upload', ...key]);
      await aws.run(['s3api', 'abort-multipart-upload', ...key, '--upload-id', UploadId]);
      const { said } = await aws.refused(['s3api', 'list-parts', ...key, '--upload-id', UploadId]);
      expect(said).toContain('(NoSuchUpload)');
    });

    it('stores a checksum and refuses a wrong one', async () => {
      const data = bytes(100_000);
      writeFileSync(file('sum'), data);
      const object = ['--bucket', bucket, '--key', 'sum'];
      const put = ['s3api', 'put-object', ...object, '--checksum-algorithm', 'SHA1', '--body', file('sum')];
      const { ChecksumSHA1 } = await aws.json(put);
      expect(ChecksumSHA1).toMatch(/^[A-Za-z0-9+/]+=$/);
      const head = await aws.json(['s3api', 'head-object', ...object, '--checksum-mode', 'ENABLED']);
      expect(head.ChecksumSHA1).toBe(ChecksumSHA1);
      const wrong = ['--checksum-sha256', Buffer.from(sha256('other'), 'hex').toString('base64')];
      const other = ['s3api', 'put-object', '--bucket', bucket, '--key', 'wrong', '--body', file('sum'), ...wrong];
      expect((await aws.refused(other)).said).toContain('(BadDigest)');
    });

    it('names an operation that is not served', async () => {
      const { said } = await aws.refused(['s3api', 'get-bucket-website', '--bucket', bucket]);
      expect(said).toContain('(NotImplemented)');
      expect(said).toContain('GetBucketWebsite');
    });
  });

  // These services have no bucket to put before the host's name; their requests go the same way in both styles.
  describe('iam and sts', () => {
    it('make a user who may read, and say who asks', async () => {
      const name = `cli-${Date.now()}-${cell.name}`;
      await aws.json(['iam', 'create-user', '--user-name', name]);
      const { AccessKey } = await aws.json(['iam', 'create-access-key', '--user-name', name]);
      const user = as({ accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey });
      expect((await user.json(['sts', 'get-caller-identity'])).Arn).toMatch(new RegExp(`:user/${name}$`));
      await aws.run(['s3', 'cp', '-', s3('read me')], 'hello');
      expect((await user.refused(['s3', 'cp', s3('read me'), '-'])).said).toContain('(403)');

      const Statement = [{ Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` }];
      const policy = JSON.stringify({ Version: '2012-10-17', Statement });
      const named = ['--user-name', name, '--policy-name', 'read'];
      await aws.run(['iam', 'put-user-policy', ...named, '--policy-document', policy]);
      expect((await aws.json(['iam', 'get-user-policy', ...named])).PolicyDocument).toEqual(JSON.parse(policy));
      expect(await user.run(['s3', 'cp', s3('read me'), '-'])).toBe('hello');
      await aws.run(['iam', 'delete-user-policy', ...named]);
      expect((await user.refused(['s3', 'cp', s3('read me'), '-'])).said).toContain('(403)');

      await aws.run(['iam', 'delete-access-key', '--user-name', name, '--access-key-id', AccessKey.AccessKeyId]);
      expect((await user.refused(['sts', 'get-caller-identity'])).said).toContain('(InvalidClientTokenId)');
      await aws.run(['iam', 'delete-user', '--user-name', name]);
      expect((await aws.refused(['iam', 'get-user', '--user-name', name])).said).toContain('(NoSuchEntity)');
    });

    it('name an operation that is not served', async () => {
      const role = ['--role-arn', 'arn:aws:iam::123456789012:role/r', '--role-session-name', 'session'];
      const assumed = (await aws.refused(['sts', 'assume-role', ...role])).said;
      expect(assumed).toContain('(NotImplemented)');
      expect(assumed).toContain('AssumeRole');
      const listed = (await aws.refused(['iam', 'list-roles'])).said;
      expect(listed).toContain('(NotImplemented)');
      expect(listed).toContain('ListRoles');
    });
  });
});
