import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { freePort, scratchFolder } from '@coffer/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINIMUM_NODE, nodeVersionProblem } from '@coffer/service-kit';
import { serviceNames } from '../services/definitions.ts';
import { endOf, main, program, run, type Ended } from '../testkit/coffer.ts';

let scratch: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => {
  scratch = await scratchFolder('refusals');
});
afterAll(() => scratch?.remove());

/** What a start that is refused says: one sentence on standard error, nothing else, and exit code 1. */
const refusal = (sentence: string): Ended => ({ code: 1, stdout: '', stderr: `${sentence}\n` });

describe('a start that is refused says why in one sentence', () => {
  it.each([
    ['--port', (busy: number, free: number) => ['--port', `${busy}`, '--https-port', `${free}`]],
    ['--https-port', (busy: number, free: number) => ['--port', `${free}`, '--https-port', `${busy}`]],
  ])('when the port of %s is busy', async (option, ports) => {
    const busy = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => busy.listen(port, '127.0.0.1', resolve));
    try {
      const data = join(scratch.path, `busy${option}`);
      expect(await run('up', '--data', data, ...ports(port, await freePort()))).toEqual(
        refusal(`coffer: Port ${port} on 127.0.0.1 is in use by another program; choose another with ${option}.`),
      );
      expect(existsSync(join(data, 'postgres')), 'nothing was started').toBe(false);
    } finally {
      busy.close();
    }
  });

  it('when there is no such address', async () => {
    const data = join(scratch.path, 'address');
    expect(await run('up', '--data', data, '--host', '192.0.2.1')).toEqual(
      refusal('coffer: This machine has no address 192.0.2.1; choose another with --host.'),
    );
  });

  it('when the data folder is no folder', async () => {
    expect(await run('up', '--data', '/dev/null/x')).toEqual(
      refusal('coffer: The data folder /dev/null/x is not a folder; choose another with --data.'),
    );
  });

  it("when the data folder holds somebody else's files, which stay as they are", async () => {
    const data = join(scratch.path, 'letters');
    mkdirSync(data);
    writeFileSync(join(data, 'letter.txt'), 'dear');
    expect(await run('up', '--data', data)).toEqual(
      refusal(`coffer: ${data} is not empty and no data folder of Coffer; choose another, or a new one, with --data.`),
    );
    expect(readdirSync(data)).toEqual(['letter.txt']);
  });

  // Nobody may make folders there, not even root.
  it.runIf(existsSync('/sys/kernel'))('when the right to write is missing', async () => {
    expect(await run('up', '--data', '/sys/coffer-data')).toEqual(
      refusal('coffer: The data folder /sys/coffer-data cannot be written by this user; choose another with --data.'),
    );
  });

  it('when the stack lacks a program, each with a sentence of its own', async () => {
    const data = join(scratch.path, 'stack');
    const nats = join(scratch.path, 'nats-server');
    writeFileSync(nats, "#!/bin/sh\necho 'nats-server: v2.10.0'\n");
    chmodSync(nats, 0o755);
    const none = join(scratch.path, 'none');
    const minioMissing = `The native stack needs MinIO, and COFFER_MINIO_BIN names ${none}, which cannot be run; get it with "go install github.com/minio/minio@latest", or name one with COFFER_MINIO_BIN.`;
    const natsMissing = `The native stack needs nats-server 2.10 or newer, and COFFER_NATS_BIN names ${none}, which cannot be run; get it with "go install github.com/nats-io/nats-server/v2@latest", or name one with COFFER_NATS_BIN.`;
    const stack = (env: NodeJS.ProcessEnv): Promise<Ended> =>
      endOf(program(process.execPath, [main, 'stack', '--data', data], env));
    expect(await stack({ COFFER_NATS_BIN: nats, COFFER_MINIO_BIN: none })).toEqual(refusal(`coffer: ${minioMissing}`));
    expect(await stack({ COFFER_NATS_BIN: none, COFFER_MINIO_BIN: none })).toEqual(
      refusal(`coffer: ${natsMissing}\n${minioMissing}`),
    );
    expect(existsSync(data), 'nothing was made').toBe(false);
  });
});

/** A Node of this machine that is too old. */
function oldNode(): { file: string; version: string } | undefined {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']) {
    const file = join(folder, 'node');
    if (!existsSync(file)) continue;
    const version = execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
    // Those before it cannot even be told: they do not know the module system.
    if (Number.parseInt(version, 10) >= 20 && nodeVersionProblem(version) !== undefined) return { file, version };
  }
  return undefined;
}

describe('a Node that is too old', () => {
  const apps = join(dirname(main), '..', '..', '..');
  const programs: [string, string][] = [
    ['coffer', main],
    ...serviceNames.map((name): [string, string] => [name, join(apps, name, 'dist', 'program', 'main.js')]),
  ];
  const sentence = (version: string): string =>
    `Coffer needs Node ${MINIMUM_NODE} or newer and this is ${version}; start it with node_modules/.bin/node, which "npm ci" puts there.`;

  it.each(programs)('is refused by %s in one sentence', async (_name, file) => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.1' } })`;
    const args = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, file, 'status'];
    expect(await endOf(program(process.execPath, args))).toEqual(refusal(sentence('20.19.1')));
  });

  // One that is really old must come as far as saying so: no module before that may need what it lacks.
  const old = oldNode();
  it.runIf(old !== undefined).each(programs)('is refused by %s, for real', async (_name, file) => {
    const { file: node, version } = old as { file: string; version: string };
    expect(await endOf(program(node, [file, 'status']))).toEqual(refusal(sentence(version)));
  });
});
