import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@coffer/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layoutOf } from '../data-folder/layout.ts';
import { openDataFolder } from '../data-folder/open.ts';
import { examine } from './examine.ts';

let data: string;
beforeEach(() => (data = mkdtempSync(join(tmpdir(), 'coffer-doctor-'))));
afterEach(() => rmSync(data, { recursive: true, force: true }));

const notRunning = () => Promise.reject(new Error('No Coffer runs here'));

async function examined(port: number) {
  const found = await examine({ data, host: '127.0.0.1', port, httpsPort: 0, env: {}, connect: notRunning });
  return new Map(found.map((finding) => [finding.name, finding]));
}

describe('coffer doctor on a Coffer that does not run', () => {
  it('names what keeps it from starting, each with what mends it', async () => {
    openDataFolder(data, 'embedded').lock.release();
    const layout = layoutOf(data);
    chmodSync(data, 0o755);
    mkdirSync(layout.postgres);
    mkdirSync(layout.tls);
    writeFileSync(join(layout.tls, 'server.pem'), 'no certificate');
    const busy = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => busy.listen(port, '127.0.0.1', resolve));
    try {
      const before = readdirSync(data);
      const found = await examined(port);
      const problem = (name: string, seen: string, mend: string) =>
        expect(found.get(name)).toEqual({ name, state: 'problem', seen, mend });
      problem('data folder rights', 'others than its owner may enter it', `chmod 0700 ${data}`);
      problem(
        'root key',
        `${layout.rootKey} is missing`,
        'Put it back from a backup: without it no object can be opened.',
      );
      problem('certificate', `${layout.tls}/server.pem is damaged`, 'Start Coffer again, which makes another.');
      problem(
        `port ${port}`,
        `Port ${port} on 127.0.0.1 is in use by another program; choose another with --port.`,
        'Stop that program, or choose another port with --port.',
      );
      expect(found.get('running')).toMatchObject({ state: 'warning' });
      expect(readdirSync(data), 'it changes nothing').toEqual(before);
    } finally {
      busy.close();
    }
  });

  it("knows a folder that is somebody else's", async () => {
    writeFileSync(join(data, 'letter.txt'), 'dear');
    const found = await examined(await freePort());
    expect(found.get('data folder')).toEqual({
      name: 'data folder',
      state: 'problem',
      seen: `${data} is no data folder of Coffer`,
      mend: 'Choose another with --data.',
    });
    expect(readdirSync(data)).toEqual(['letter.txt']);
  });
});
