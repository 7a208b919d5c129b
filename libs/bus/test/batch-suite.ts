import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, mustWait } from '@coffer/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { handle, handleBatch, type BusTransport } from '../src/index.ts';
import { add, addIn, newerAdd } from './contracts.ts';
import { faultOf, serve } from './world.ts';

/** What both transports promise of contracts with `batched: true`. */
export function batchSuite(both: () => { gateway: BusTransport; identity: BusTransport }): void {
  describe('batches', () => {
    let gateway: BusTransport;
    let identity: BusTransport;

    const sizes: number[] = [];
    const sum = handleBatch(add, async (messages) => {
      sizes.push(messages.length);
      await sleep(20);
      return messages.map(({ left, right, body }) =>
        left + right > 1_000_000
          ? new Fault('Overflow', 'too much', { status: 400 })
          : { sum: left + right, size: body?.byteLength ?? 0 },
      );
    });
    beforeEach(() => {
      ({ gateway, identity } = both());
      sizes.length = 0;
    });

    it('gathers while one is under way; each element has its own result', async () => {
      await serve(identity, [sum]);
      const calls: Promise<unknown>[] = [];
      for (let left = 0; left < 100; left += 1) {
        calls.push(gateway.client.call(add, { left, right: 1 }));
        if (left < 1) await sleep(1);
      }
      const replies = await Promise.all(calls);
      expect(replies).toEqual(Array.from({ length: 100 }, (_, left) => ({ sum: left + 1, size: 0 })));
      expect(sizes).toEqual([1, 99]);
    });

    it('gives each element its own error', async () => {
      await serve(identity, [sum]);
      const settled = await Promise.allSettled([
        gateway.client.call(add, { left: 1, right: 1 }),
        gateway.client.call(add, { left: 'x', right: 1 } as never),
        gateway.client.call(add, { left: 1_000_000, right: 1 }),
        gateway.client.call(newerAdd, { left: 1, right: 1, modulo: 3 }),
        gateway.client.call(add, { left: 2, right: 2 }),
      ]);
      const outcome = settled.map((each) =>
        each.status === 'fulfilled' ? (each.value as { sum: number }).sum : (each.reason as Fault).code,
      );
      expect(outcome).toEqual([2, 'InvalidMessage', 'Overflow', 'NotUnderstood', 4]);
      expect(sizes).toEqual([3]);
    });

    it('closes a batch at 256 elements', async () => {
      await serve(identity, [sum]);
      await Promise.all(Array.from({ length: 600 }, (_, left) => gateway.client.call(add, { left, right: 0 })));
      expect(sizes).toEqual([256, 256, 88]);
    });

    it('closes a batch at 512 KiB', async () => {
      await serve(identity, [sum]);
      const body = new Uint8Array(100 * 1024);
      const replies = await Promise.all(
        Array.from({ length: 12 }, (_, left) => gateway.client.call(add, { left, right: 0, body })),
      );
      expect(replies.every(({ size }) => size === body.length)).toBe(true);
      expect(sizes).toEqual([5, 5, 2]);
    });

    it('keeps the deadline and the abort of each element', async () => {
      await serve(identity, [
        handleBatch(add, async (messages) => {
          sizes.push(messages.length);
          await sleep(300);
          return messages.map(({ left }) => ({ sum: left, size: 0 }));
        }),
      ]);
      const controller = new AbortController();
      const first = gateway.client.call(add, { left: 1, right: 0 });
      const short = faultOf(gateway.client.call(add, { left: 2, right: 0 }, { timeoutMs: 100 }));
      await sleep(30);
      const second = gateway.client.call(add, { left: 3, right: 0 });
      await sleep(30);
      const queued = gateway.client.call(add, { left: 4, right: 0 }, { signal: controller.signal });
      const expired = faultOf(gateway.client.call(add, { left: 5, right: 0 }, { timeoutMs: 50 }));
      controller.abort(new Error('enough'));
      await expect(queued).rejects.toThrow('enough');
      expect((await expired).code).toBe('Timeout');
      expect((await short).code).toBe('Timeout');
      expect(await Promise.all([first, second])).toEqual([
        { sum: 1, size: 0 },
        { sum: 3, size: 0 },
      ]);
      expect(sizes).toEqual([2, 1]);
    });

    it('fails its elements together when the handler throws, and goes on', async () => {
      let fail = true;
      await serve(identity, [
        handleBatch(add, async (messages) => {
          if (fail) throw new Error('boom');
          return messages.map(() => ({ sum: 0, size: 0 }));
        }),
      ]);
      const codes = await Promise.all(
        [1, 2, 3].map(async (left) => (await faultOf(gateway.client.call(add, { left, right: 0 }))).code),
      );
      expect(codes).toEqual(['Internal', 'Internal', 'Internal']);
      fail = false;
      expect(await gateway.client.call(add, { left: 1, right: 0 })).toEqual({ sum: 0, size: 0 });
    });

    it('runs a plain handler for each element; a slow one holds back none beyond its own deadline', async () => {
      await serve(identity, [
        handle(add, async ({ left, right }) => {
          if (left === 1) await sleep(900);
          return { sum: left + right, size: 0 };
        }),
      ]);
      const slow = faultOf(gateway.client.call(add, { left: 1, right: 0 }, { timeoutMs: 100 }));
      expect(await gateway.client.call(add, { left: 2, right: 0 })).toEqual({ sum: 2, size: 0 });
      expect((await slow).code).toBe('Timeout');
    });

    it('does not let two batches that hang hold up the others until they time out', async () => {
      await serve(identity, [
        handleBatch(add, async (messages) => {
          if (messages.some(({ left }) => left < 0)) await sleep(1_800);
          return messages.map(({ left }) => ({ sum: left, size: 0 }));
        }),
      ]);
      const hanging = [faultOf(gateway.client.call(add, { left: -1, right: 0 }, { timeoutMs: 1_500 }))];
      await sleep(30);
      hanging.push(faultOf(gateway.client.call(add, { left: -2, right: 0 }, { timeoutMs: 1_500 })));
      await sleep(30);
      const started = performance.now();
      expect(await gateway.client.call(add, { left: 3, right: 0 })).toEqual({ sum: 3, size: 0 });
      expect(performance.now() - started).toBeLessThan(1_200);
      expect((await Promise.all(hanging)).map(({ code }) => code)).toEqual(['Timeout', 'Timeout']);
    });

    it('sends apart what has to wait, where the contract names a key', async () => {
      const batches: string[][] = [];
      await serve(identity, [
        handleBatch(addIn, async (messages) => {
          batches.push(messages.map(({ place }) => place));
          const isMixed = new Set(messages.map(({ place }) => place)).size > 1;
          const isBusy = (place: string): boolean => place === 'busy';
          await sleep(!isMixed && messages.some(({ place }) => isBusy(place)) ? 1_000 : 20);
          return messages.map(({ place, left }) => (isMixed && isBusy(place) ? mustWait() : { sum: left }));
        }),
      ]);
      const call = (place: string, left: number) => gateway.client.call(addIn, { place, left });
      const busy = [call('busy', 0), call('busy', 1)];
      const started = performance.now();
      const calm = Array.from({ length: 40 }, (_, left) => call(left % 2 === 0 ? 'one' : 'two', left));
      expect(await Promise.all(calm)).toEqual(calm.map((_, left) => ({ sum: left })));
      expect(performance.now() - started).toBeLessThan(500);
      expect(await Promise.all(busy)).toEqual(busy.map((_, left) => ({ sum: left })));
      expect(batches.map((places) => [places.length, new Set(places).size])).toEqual([
        [42, 3],
        [2, 1],
      ]);
    });

    it('says Unavailable for every element when nobody serves', async () => {
      const codes = await Promise.all(
        [1, 2].map(async (left) => (await faultOf(gateway.client.call(add, { left, right: 0 }))).code),
      );
      expect(codes).toEqual(['Unavailable', 'Unavailable']);
    });
  });
}
