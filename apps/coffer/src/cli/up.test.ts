import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, scratchFolder } from '@coffer/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coffer, exportedLines, run, type Started } from '../testkit/coffer.ts';

const LIMIT = 120_000;

/** Takes the blob tier away from a running Coffer: what fails is named, why, and how to mend it. */
async function whatADoctorSays(data: string): Promise<void> {
  expect(await run('doctor', '--data', data)).toMatchObject({ code: 0, stderr: '' });
  renameSync(join(data, 'blobs'), join(data, 'elsewhere'));
  try {
    const doctor = await run('doctor', '--data', data);
    expect(doctor.code).toBe(1);
    const problems = doctor.stdout.split('PROBLEM  ').slice(1);
    expect(problems).toHaveLength(2);
    for (const [index, name] of ['object-storage', 'gateway'].entries()) {
      const [seen, mend] = (problems[index] as string).split('\n');
      expect(seen).toMatch(new RegExp(`^${name}: its check "blobs" fails: .*\\S`));
      expect(mend).toBe(`         → See that ${data}/blobs is there as it was, and that this user may write in it.`);
    }
    const status = await run('status', '--data', data);
    expect(status.code).toBe(1);
    expect(status.stdout).toMatch(/^object-storage {3}failing \S+\/\d+: blobs: \S/m);
    expect(status.stdout).toMatch(/^kms {14}up /m);
  } finally {
    renameSync(join(data, 'elsewhere'), join(data, 'blobs'));
  }
  expect((await run('doctor', '--data', data)).code).toBe(0);
}

describe('coffer up', { timeout: LIMIT }, () => {
  let scratch: Awaited<ReturnType<typeof scratchFolder>>;
  let args: string[];
  let data: string;
  const started: Started[] = [];
  const up = (...more: string[]): Started => {
    const each = coffer('up', ...more);
    started.push(each);
    return each;
  };

  beforeAll(async () => {
    scratch = await scratchFolder('up');
    data = join(scratch.path, "a folder's data");
    args = ['--data', data, '--port', String(await freePort()), '--https-port', String(await freePort())];
  });
  afterAll(async () => {
    await Promise.all(started.map((each) => each.end()));
    await scratch.remove();
  });

  it('prints lines to paste, refuses a second start, survives SIGKILL and ends with 0 on SIGTERM', async () => {
    const first = up(...args);
    await first.ready();
    const lines = exportedLines(first.stdout());
    const names = lines.map((line) => line.slice('export '.length, line.indexOf('=')));
    expect(names).toEqual([
      'AWS_ENDPOINT_URL',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_REGION',
      'AWS_DEFAULT_REGION',
      'AWS_CA_BUNDLE',
    ]);
    for (const line of first.stdout().trim().split('\n')) expect(line).toMatch(/^(#|export )/);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, 'coffer.sock')).mode & 0o777).toBe(0o600);
    expect(statSync(join(data, 'keys', 'root.key')).mode & 0o777).toBe(0o600);

    expect(await run('env', '--data', data)).toEqual({ code: 0, stdout: `${lines.join('\n')}\n`, stderr: '' });
    const status = await run('status', '--json', '--data', data);
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({
      healthy: true,
      services: { gateway: { up: true, processes: [{ checks: { blobs: 'ok' } }] } },
    });
    await whatADoctorSays(data);

    const created = await run('account', 'create', 'second', '--json', '--data', data);
    expect(JSON.parse(created.stdout)).toMatchObject({ name: 'second', accountId: expect.stringMatching(/^\d{12}$/) });
    const again = await run('account', 'create', 'second', '--data', data);
    expect(again).toMatchObject({ code: 1, stderr: 'coffer: There is an account called second already.\n' });
    expect((await run('account', 'list', '--data', data)).stdout).toMatch(/second\n/);

    const collected = await run('collect', '--json', '--data', data);
    expect(JSON.parse(collected.stdout)).toEqual({ rolledForward: 0, doomed: 0, orphans: 0 });

    const second = await run('up', ...args);
    expect(second).toEqual({
      code: 1,
      stdout: '',
      stderr: `coffer: The data folder ${data} is in use by a Coffer that is running; stop that one first, or choose another with --data.\n`,
    });

    first.child.kill('SIGKILL');
    await first.ended;
    expect(await run('env', '--data', data)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^coffer: No Coffer runs on .*\n$/),
    });

    const after = up(...args);
    await after.ready();
    expect(exportedLines(after.stdout())).toEqual(lines);
    expect((await run('account', 'list', '--data', data)).stdout).toMatch(/second\n/);
    after.child.kill('SIGTERM');
    expect(await after.ended).toBe(0);
    expect(after.stderr()).toBe('');
  });
});
