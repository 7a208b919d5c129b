import { expect, it } from 'vitest';
import { PayloadLimit } from './payload-limit.ts';

it('keeps the last known limit while the connection is lost, and takes the next broker’s', () => {
  const connection: { info?: { max_payload: number } } = { info: { max_payload: 100 } };
  const limit = new PayloadLimit(connection as never);
  delete connection.info;
  expect(limit.bytes).toBe(100);
  connection.info = { max_payload: 200 };
  expect(limit.bytes).toBe(200);
  delete connection.info;
  expect(limit.bytes).toBe(200);
});
