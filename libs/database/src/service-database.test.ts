import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openServiceDatabase, provision } from './index.ts';
import type { TestServer } from './testkit/server.ts';
import { services, testServer } from './testkit/server.ts';

const migrations = [{ id: 1, name: 'one', sql: 'CREATE TABLE one (x int)' }];
let server: TestServer;

beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.stop());

function open(url: string, provisionedWithinMs?: number) {
  const logger = { warn: vi.fn<(fields: object, message: string) => void>() };
  const within = provisionedWithinMs === undefined ? {} : { provisionedWithinMs };
  return { logger, opened: openServiceDatabase({ service: 'kms', url, max: 1, migrations, logger, ...within }) };
}

describe('the database of a service', () => {
  it('is waited for until it is provisioned, and that is told once', async () => {
    const { logger, opened } = open(server.urlFor('kms', 'later'));
    await pause(700);
    await provision(server.postgres.adminUrl(), { database: 'later', services });
    const database = await opened;
    await database.check();
    await database.close();
    expect(logger.warn).toHaveBeenCalledExactlyOnceWith({ state: '3D000' }, expect.stringContaining('provisioned'));
  });

  it('is given up when its password stays wrong', async () => {
    const url = new URL(server.urlFor('kms'));
    url.password = 'wrong';
    await expect(open(url.href, 600).opened).rejects.toMatchObject({ code: '28P01' });
  });
});
