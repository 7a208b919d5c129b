import type { BusClient } from '@coffer/bus';
import { Fault, type RequestRecord } from '@coffer/contracts';
import { createLogger } from '@coffer/service-kit';
import { expect, it } from 'vitest';
import type { GapSpool } from './gap-spool.ts';
import { Recorder } from './recorder.ts';

it('refuses a request whose record cannot be written, and leaves it to the refusal to say why', async () => {
  const lines: string[] = [];
  const logger = createLogger({ service: 'test', level: 'info', destination: { write: (line) => lines.push(line) } });
  const counted: string[] = [];
  const away = new Fault('Unavailable', 'audit does not answer', { status: 503 });
  const bus = { call: () => Promise.reject(away) } as unknown as BusClient;
  const recorder = new Recorder(
    bus,
    { count: (reason: string) => counted.push(reason) } as unknown as GapSpool,
    logger,
  );
  const refusal: unknown = await recorder.write({ requestId: 'r' } as RequestRecord).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'ServiceUnavailable', status: 503 });
  expect(refusal).toMatchObject({ cause: { message: 'a record could not be written', cause: away } });
  expect([lines, counted]).toEqual([[], ['audit-unavailable']]);
  logger.error({ err: refusal }, 'a request failed');
  expect(lines.join('')).toContain('audit does not answer');
});
