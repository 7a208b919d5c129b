import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  currentTraceparent,
  handle,
  InProcessHub,
  inProcessTransport,
  isTraceparent,
  type BusTransport,
} from '@coffer/bus';
import { contract, Fault } from '@coffer/contracts';
import { Module } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createLogger } from './logger.ts';
import { counter, gauge, histogram, metrics, watchProcess } from './metrics.ts';
import { startNest } from './nest.ts';
import { startTracing, withSpan, withTrace } from './tracing.ts';

const sign = contract('kms', 'sign', {
  request: z.object({ fail: z.boolean() }),
  reply: z.object({ traceparent: z.string().optional() }),
  callers: ['gateway'],
});

class EmptyModule {}
Module({})(EmptyModule);

interface ExportedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  status?: { code?: number; message?: string };
}

describe('a Nest service on the bus', () => {
  let gateway: BusTransport;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    const hub = new InProcessHub();
    gateway = inProcessTransport(hub, 'gateway');
    const registration = handle(sign, async ({ fail }) => {
      if (fail) throw new Fault('Disabled', 'the key is disabled', { status: 409 });
      return { traceparent: currentTraceparent() };
    });
    const logger = createLogger({ service: 'kms', level: 'silent' });
    const service = await startNest(EmptyModule, inProcessTransport(hub, 'kms'), [registration], logger);
    stop = () => service.close();
  });
  afterEach(() => stop());

  it('answers until it is closed', async () => {
    expect(await gateway.client.call(sign, { fail: false })).toEqual({ traceparent: undefined });
    await stop();
    await expect(gateway.client.call(sign, { fail: false })).rejects.toMatchObject({ code: 'Unavailable' });
  });

  it('measures calls by side and outcome', async () => {
    watchProcess();
    watchProcess();
    await gateway.client.call(sign, { fail: false });
    await expect(gateway.client.call(sign, { fail: true })).rejects.toMatchObject({ code: 'Disabled' });
    const text = await metrics.metrics();
    const line = (side: string, outcome: string) =>
      `coffer_bus_call_seconds_count{side="${side}",service="kms",operation="sign",outcome="${outcome}"} 1`;
    for (const side of ['client', 'server']) {
      expect(text).toContain(line(side, 'ok'));
      expect(text).toContain(line(side, 'Disabled'));
    }
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('carries a trace without any exporter', async () => {
    const incoming = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const carried = await withTrace(incoming, () => withSpan('work', () => gateway.client.call(sign, { fail: false })));
    expect(carried.traceparent).toBe(incoming);
    const fresh = await withTrace('garbage', () => gateway.client.call(sign, { fail: false }));
    expect(isTraceparent(fresh.traceparent)).toBe(true);
    expect(fresh.traceparent).not.toBe(incoming);
  });

  describe('with a collector', () => {
    let collector: Server;
    let spans: ExportedSpan[];
    let bodies: string;
    let url: string;

    beforeEach(async () => {
      spans = [];
      bodies = '';
      collector = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          bodies += `${request.url} ${Buffer.concat(chunks).toString()}`;
          const body = JSON.parse(Buffer.concat(chunks).toString()) as {
            resourceSpans: { scopeSpans: { spans: ExportedSpan[] }[] }[];
          };
          spans.push(...body.resourceSpans.flatMap((each) => each.scopeSpans.flatMap((scope) => scope.spans)));
          response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        });
      });
      await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    });
    afterEach(() => new Promise<void>((resolve) => void collector.close(() => resolve())));

    it('exports one chain of spans: work, client, server', async () => {
      const end = startTracing({ service: 'kms', url });
      const incoming = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const reply = await withTrace(incoming, () => withSpan('work', () => gateway.client.call(sign, { fail: false })));
      await expect(gateway.client.call(sign, { fail: true })).rejects.toThrow('disabled');
      await end();
      expect(bodies).toContain('/v1/traces ');
      expect(bodies).toContain('coffer-kms');
      const trace = spans.filter(({ traceId }) => traceId === incoming.slice(3, 35));
      expect(trace.map(({ name }) => name).toSorted()).toEqual(['kms.sign', 'kms.sign', 'work']);
      const root = trace.find(({ parentSpanId }) => parentSpanId === 'b7ad6b7169203331');
      const client = trace.find(({ parentSpanId }) => parentSpanId === root?.spanId);
      const server = trace.find(({ parentSpanId }) => parentSpanId === client?.spanId);
      expect(root?.name).toBe('work');
      expect(reply.traceparent).toBe(`00-${incoming.slice(3, 35)}-${server?.spanId}-01`);
      expect(spans.filter(({ status }) => status?.message === 'Disabled')).toHaveLength(2);
      expect(bodies).not.toContain('the key is disabled');
    });
  });
});

describe('metrics', () => {
  it('hands out the same metric for the same name', () => {
    const definition = { name: 'coffer_same_total', help: 'x' };
    expect(counter(definition)).toBe(counter(definition));
    const seconds = { name: 'coffer_same_seconds', help: 'x' };
    expect(histogram(seconds)).toBe(histogram(seconds));
  });

  it('asks a gauge when somebody reads', async () => {
    let value = 1;
    gauge({ name: 'coffer_depth', help: 'x', collect: (each) => each.set(value) });
    value = 7;
    expect(await metrics.getSingleMetricAsString('coffer_depth')).toContain('coffer_depth 7');
  });
});
