import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, requires, scratchFolder } from '@coffer/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportedLines, main, program, run, type Started } from '../testkit/coffer.ts';
import { commandLine } from './leftovers.ts';

const RESTART_WITHIN_MS = 5_000;

function pidOf(data: string, name: string): number | undefined {
  try {
    return Number(readFileSync(join(data, 'run', `${name}.pid`), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Whether a process of this data folder runs under that id. */
function isOf(pid: number, data: string): boolean {
  return commandLine(pid)?.includes(data) ?? false;
}

describe.runIf(requires('nats-server', 'minio'))('coffer stack', { timeout: 240_000 }, () => {
  let scratch: Awaited<ReturnType<typeof scratchFolder>>;
  let data: string;
  let args: string[];
  const started: Started[] = [];

  beforeAll(async () => {
    scratch = await scratchFolder('stack');
    data = join(scratch.path, 'data');
    args = ['--data', data, '--port', String(await freePort()), '--https-port', '0'];
  });
  afterAll(async () => {
    await Promise.all(started.map((each) => each.end()));
    await scratch.remove();
  });

  const start = async (env: NodeJS.ProcessEnv = {}): Promise<Started> => {
    const each = program(process.execPath, [main, 'stack', ...args, '--object-storages', '2'], env);
    started.push(each);
    await each.ready();
    return each;
  };

  it('starts again what dies, leaves nothing behind when killed, and ends with 0 on SIGTERM', async () => {
    const first = await start();
    const lines = exportedLines(first.stdout());
    expect((await run('env', '--data', data)).stdout).toBe(`${lines.join('\n')}\n`);

    const status = JSON.parse((await run('status', '--json', '--data', data)).stdout) as {
      services: Record<string, { up: boolean; processes: { instance: string }[] }>;
    };
    const answering = status.services['object-storage']?.processes.map(({ instance }) =>
      Number(instance.split('/')[1]),
    );
    const running = ['object-storage', 'object-storage-2'].map((name) => pidOf(data, name) as number);
    expect(new Set(answering), 'every replica answers').toEqual(new Set(running));

    for (const name of ['kms', 'nats', 'minio']) {
      const before = pidOf(data, name) as number;
      process.kill(before, 'SIGKILL');
      const killed = Date.now();
      let now: number | undefined;
      while ((now = pidOf(data, name)) === undefined || now === before) {
        expect(Date.now() - killed, `${name} is started again`).toBeLessThan(RESTART_WITHIN_MS);
        await sleep(20);
      }
      expect(first.stderr()).toContain(`${name} ended (SIGKILL); starting it again`);
    }
    let healthy = false;
    for (let tries = 0; tries < 40 && !healthy; tries += 1) {
      healthy = (await run('status', '--data', data)).code === 0;
    }
    expect(healthy).toBe(true);

    const second = await run('stack', ...args);
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('is in use by a Coffer that is running') });
    const embedded = await run('up', ...args);
    expect(embedded).toMatchObject({ code: 1, stderr: expect.stringContaining('belongs to "coffer stack"') });

    const pids = ['kms', 'gateway', 'nats', 'minio'].map((name) => pidOf(data, name) as number);
    first.child.kill('SIGKILL');
    await first.ended;
    for (const pid of pids) {
      const gone = Date.now() + RESTART_WITHIN_MS;
      while (isOf(pid, data)) {
        expect(Date.now(), 'a killed stack leaves no process').toBeLessThan(gone);
        await sleep(20);
      }
    }

    const after = await start({ COFFER_FAILPOINT: 'identity.change.committed' });
    expect(exportedLines(after.stdout())).toEqual(lines);
    // The account is made, and identity dies before it has told anybody the key: the next one answers the same call.
    const made = await run('account', 'create', 'second', '--json', '--data', data);
    expect(after.stderr()).toContain('identity ended (SIGKILL); starting it again');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(made.stdout)).toMatchObject({
      name: 'second',
      secretAccessKey: expect.stringMatching(/^.{40}$/),
    });
    expect((await run('account', 'list', '--data', data)).stdout.match(/second$/gm)).toHaveLength(1);
    after.child.kill('SIGTERM');
    expect(await after.ended).toBe(0);
    expect(after.stderr().trim().split('\n')).toHaveLength(1);
  });
});
