import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SignOfLife, withoutDeclaration } from './whitespace.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
const BODY = `${DECLARATION}\n<CopyObjectResult></CopyObjectResult>`;

let server: Server;
let client: Socket;
let response: ServerResponse;
let received = '';

/** A real response, of a real request; only the clock of the product is ours. */
beforeEach(async () => {
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  received = '';
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('data', (chunk) => (received += chunk.toString()));
  client.write('PUT /b/k HTTP/1.1\r\nHost: x\r\n\r\n');
  [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  client.destroy();
  server.closeAllConnections();
  server.close();
});

const flushed = async () => {
  for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve));
};
/** The body in the chunks that came, without their framing. */
const bodySoFar = () =>
  [...received.slice(received.indexOf('\r\n\r\n') + 4).matchAll(/([0-9a-f]+)\r\n([\s\S]*?)\r\n(?=[0-9a-f]|$)/g)]
    .map(([, , text]) => text)
    .join('');

function begin(operation: string, record: () => Promise<void>) {
  let done!: () => void;
  const life = new SignOfLife(response, { 'x-amz-request-id': 'ID1' }, record);
  const running = life.during(operation, () => new Promise<void>((resolve) => (done = resolve)));
  return { running, done: () => done() };
}

describe('signs of life', () => {
  it('begin after five seconds, once the request is on record, with 200 and the request id', async () => {
    const record = vi.fn(async () => undefined);
    const { running, done } = begin('CopyObject', record);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(record).not.toHaveBeenCalled();
    expect(response.headersSent).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    await flushed();
    expect(record).toHaveBeenCalledTimes(1);
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(received).toContain('x-amz-request-id: ID1');
    expect(bodySoFar()).toBe(`${DECLARATION}\n`);
    await vi.advanceTimersByTimeAsync(10_000);
    await flushed();
    expect(bodySoFar()).toBe(`${DECLARATION}\n  `);
    done();
    await running;
    await vi.advanceTimersByTimeAsync(60_000);
    response.end(withoutDeclaration(BODY));
    await flushed();
    // One document, one declaration, at its very beginning.
    expect(bodySoFar()).toBe(`${DECLARATION}\n  <CopyObjectResult></CopyObjectResult>`);
    expect(record).toHaveBeenCalledTimes(1);
  });

  it('wait for the record: nothing goes out while it is being written', async () => {
    let written!: () => void;
    const { running, done } = begin('CompleteMultipartUpload', () => new Promise((resolve) => (written = resolve)));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(response.headersSent).toBe(false);
    written();
    await flushed();
    expect(response.headersSent).toBe(true);
    done();
    await running;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never come when the record could not be written', async () => {
    const { running, done } = begin('UploadPartCopy', () => Promise.reject(new Error('audit is away')));
    await vi.advanceTimersByTimeAsync(60_000);
    await flushed();
    expect(response.headersSent).toBe(false);
    done();
    await running;
  });

  it('do not come after the operation, though the record was late', async () => {
    let written!: () => void;
    const { running, done } = begin('CopyObject', () => new Promise((resolve) => (written = resolve)));
    await vi.advanceTimersByTimeAsync(6_000);
    done();
    await running;
    written();
    await flushed();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(response.headersSent).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are not for operations whose status may still be another', async () => {
    for (const operation of ['PutObject', 'GetObject', 'DeleteObjects']) {
      const record = vi.fn(async () => undefined);
      const { running, done } = begin(operation, record);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(record).not.toHaveBeenCalled();
      expect(response.headersSent).toBe(false);
      done();
      await running;
    }
  });

  it('end with an operation that fails', async () => {
    const life = new SignOfLife(response, {}, async () => undefined);
    await expect(life.during('CopyObject', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('withoutDeclaration', () => {
  it('takes away the declaration and nothing else', () => {
    expect(withoutDeclaration(BODY)).toBe('<CopyObjectResult></CopyObjectResult>');
    expect(withoutDeclaration('<Error/>')).toBe('<Error/>');
    expect(withoutDeclaration('')).toBe('');
  });
});
