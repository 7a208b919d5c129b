import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cleanUp } from './harness/buckets.ts';
import { aws, program } from './harness/cli.ts';
import { workspace } from './harness/paths.ts';
import { present, stack } from './harness/stack.ts';

/** The shell blocks below one heading of the README, in their order. */
async function blocksBelow(heading: string): Promise<string[]> {
  const readme = await readFile(join(workspace, 'README.md'), 'utf8');
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, lines]) => lines ?? '');
}

/** What npm and the CLI tell of their own age or of the Python below them depends on the machine. */
function isOfSession(line: string): boolean {
  return line.trim() !== '' && !/^npm (notice|warn)|deprecat|end[- ]of[- ](life|support)|maintenance mode/i.test(line);
}

const BUCKET = 'my-first-bucket';
const USER = 'reader';
const NOTHING_SET = Object.fromEntries(
  ['ENDPOINT_URL', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'REGION', 'DEFAULT_REGION', 'CA_BUNDLE'].map((name) => [
    `AWS_${name}`,
    undefined,
  ]),
);

describe.runIf(present)('the README', () => {
  afterAll(async () => {
    const keys = JSON.parse(await aws(['iam', 'list-access-keys', '--user-name', USER])) as {
      AccessKeyMetadata: { AccessKeyId: string }[];
    };
    for (const { AccessKeyId } of keys.AccessKeyMetadata) {
      await aws(['iam', 'delete-access-key', '--user-name', USER, '--access-key-id', AccessKeyId]);
    }
    await aws(['iam', 'delete-user-policy', '--user-name', USER, '--policy-name', 'read']);
    await aws(['iam', 'delete-user', '--user-name', USER]);
  });

  it('has a first session that does what it says, pasted into a shell', async ({ skip }) => {
    const { dataFolder, scratch } = stack();
    if (dataFolder === undefined) skip('the session begins with the data folder, which a given server does not tell');
    const folder = join(scratch, 'first-session');
    await mkdir(folder);
    await symlink(join(workspace, 'node_modules'), join(folder, 'node_modules'));
    cleanUp(BUCKET);

    const blocks = await blocksBelow('A first session');
    expect(blocks).toHaveLength(3);
    const script = blocks.map((block, index) => `echo "== ${index}"\n${block}`).join('\n');
    const { code, stdout, stderr } = await program('bash', ['-e', '-o', 'pipefail', '-c', script], {
      cwd: folder,
      env: { ...NOTHING_SET, COFFER_DATA_DIR: dataFolder },
    });
    expect(code, stderr).toBe(0);
    expect(stderr.split('\n').filter(isOfSession), stderr).toEqual([]);

    const [, begins = '', versions = '', user = ''] = stdout.split(/^== \d\n/m);
    const lines = begins.trim().split('\n');
    expect(lines[0]).toBe(`make_bucket: ${BUCKET}`);
    expect(lines.slice(-2), 'the object by the CLI and by curl').toEqual(['hello', 'hello']);
    expect(versions.trim().split('\n').at(-1)).toBe('hello again');
    expect(versions).toContain('"DeleteMarkers"');
    expect(user).toMatch(/"AccessKeyId": "AKIA\w{16}"/);
  });
});
