import { afterEach, describe, expect, it } from 'vitest';
import { listenHealth, outcomes, type HealthListener, type HealthState } from './health.ts';
import { counter } from './metrics.ts';

describe('health listener', () => {
  let listener: HealthListener;
  afterEach(() => listener.close());

  const get = async (path: string, init?: RequestInit): Promise<{ status: number; text: string }> => {
    const response = await fetch(`http://127.0.0.1:${listener.port}${path}`, init);
    return { status: response.status, text: await response.text() };
  };

  it('is alive at once and ready when the service and all its checks are', async () => {
    let broken = false;
    const checks = [
      { name: 'database', check: () => (broken ? Promise.reject(new Error('postgres://u:hunter2@h')) : undefined) },
      { name: 'bus', check: () => undefined },
    ];
    const state: HealthState = { ready: false, checks };
    listener = await listenHealth(state, '127.0.0.1', 0);
    expect((await get('/livez')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(503);
    state.ready = true;
    expect(await get('/readyz')).toEqual({
      status: 200,
      text: '{"ready":true,"checks":{"database":true,"bus":true}}\n',
    });
    broken = true;
    const page = await get('/readyz');
    expect(page.status).toBe(503);
    expect(JSON.parse(page.text)).toEqual({ ready: false, checks: { database: false, bus: true } });
    expect(page.text).not.toContain('hunter2');
  });

  it('does not wait for a check that hangs', async () => {
    const hang = { name: 'hang', check: () => new Promise<void>(() => undefined) };
    listener = await listenHealth({ ready: true, checks: [hang] }, '127.0.0.1', 0);
    expect((await get('/readyz')).status).toBe(503);
    // Well within the two seconds of the operator's question, so that the others are still heard.
    const answered = await outcomes([hang, { name: 'bus', check: () => undefined }]);
    expect(answered).toEqual({ hang: 'no answer within 1.5 seconds', bus: 'ok' });
  });

  it('serves metrics and nothing else', async () => {
    counter({ name: 'coffer_test_total', help: 'Of this test', labels: ['kind'] }).inc({ kind: 'a' }, 2);
    listener = await listenHealth({ ready: true, checks: [] }, '127.0.0.1', 0);
    expect((await get('/metrics')).text).toContain('coffer_test_total{kind="a"} 2');
    expect((await get('/')).status).toBe(404);
    expect((await get('/metrics', { method: 'POST' })).status).toBe(405);
  });
});
