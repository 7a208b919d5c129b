import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, isFault } from '@coffer/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  currentTraceparent,
  handle,
  observeCalls,
  withTraceparent,
  type BusTransport,
  type CallContext,
  type Registration,
} from '../src/index.ts';
import { batchSuite } from './batch-suite.ts';
import { changed, greet, newerPut, olderPut, safeGreet, secretOfKms, who } from './contracts.ts';
import { faultOf, serve, type World } from './world.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** What both transports promise. */
export function contractSuite(name: string, open: () => Promise<World>): void {
  describe(`bus contract on ${name}`, () => {
    let world: World;
    let gateway: BusTransport;
    let identity: BusTransport;

    beforeEach(async () => {
      world = await open();
      gateway = await world.transport('gateway');
      identity = await world.transport('identity');
    });
    afterEach(async () => {
      await gateway.drain();
      await identity.drain();
      await world.close();
    });

    it('carries a message and its reply, with bytes and dates', async () => {
      const at = new Date('2026-11-23T10:00:00.123Z');
      await serve(identity, [
        handle(greet, async (message) => ({
          text: `Hello ${message.name} ${JSON.stringify(message.nested)}`,
          bytes: message.bytes,
          at: message.at,
          keys: Object.keys(message).filter((key) => (message as Record<string, unknown>)[key] !== undefined),
        })),
      ]);
      const reply = await gateway.client.call(greet, {
        name: 'Zoë',
        bytes: Uint8Array.of(0, 255, 7),
        at,
        nested: { list: [1, 2 ** 40, -1.5], nothing: null },
      });
      expect(reply.text).toBe('Hello Zoë {"list":[1,1099511627776,-1.5],"nothing":null}');
      expect([...(reply.bytes ?? [])]).toEqual([0, 255, 7]);
      expect(reply.at).toEqual(at);
      const bare = await gateway.client.call(greet, { name: 'x', bytes: undefined });
      expect(bare.keys).toEqual(['name']);
      expect(bare.at).toBeUndefined();
    });

    it('asks every process of a service, and takes what each of them says', async () => {
      const more = [await world.transport('identity'), await world.transport('identity')];
      const { client } = gateway;
      try {
        expect(await client.callAll(who, {})).toEqual([]);
        await serve(identity, [handle(who, async () => ({ name: 'one' }))]);
        const slow = handle(who, async ({ slowMs = 0 }) => {
          await sleep(slowMs);
          return { name: 'slow' };
        });
        await serve(more[0]!, [slow]);
        await serve(more[1]!, [
          handle(who, async () => {
            throw new Fault('NoSuchName', 'nameless');
          }),
        ]);
        const names = (answers: readonly ({ name: string } | Fault)[]) =>
          answers.map((answer) => ('name' in answer && !isFault(answer) ? answer.name : (answer as Fault).code)).sort();
        for (let round = 0; round < 5; round += 1) {
          expect(names(await client.callAll(who, {}, { expected: 3 }))).toEqual(['NoSuchName', 'one', 'slow']);
        }
        // Whoever is too slow is left out.
        expect(names(await client.callAll(who, { slowMs: 600 }, { timeoutMs: 200 }))).toEqual(['NoSuchName', 'one']);
        expect(await faultOf(identity.client.callAll(who, {}))).toMatchObject({ code: 'NotPermitted' });
        expect(await faultOf(client.callAll(greet, { name: 'x' }))).toMatchObject({ code: 'NotPermitted' });
      } finally {
        await Promise.all(more.map((each) => each.drain()));
      }
    });

    it('carries a fault whole', async () => {
      await serve(identity, [
        handle(greet, async () => {
          throw new Fault('NoSuchName', 'There is no such name', {
            status: 404,
            extras: { Name: 'x' },
            headers: { 'x-amz-delete-marker': 'true' },
            data: { revision: 7, bytes: Uint8Array.of(1) },
          });
        }),
      ]);
      const fault = await faultOf(gateway.client.call(greet, { name: 'x' }));
      expect(fault).toMatchObject({
        code: 'NoSuchName',
        message: 'There is no such name',
        status: 404,
        extras: { Name: 'x' },
        headers: { 'x-amz-delete-marker': 'true' },
        data: { revision: 7 },
      });
    });

    it('tells nothing of an error inside the handler', async () => {
      await serve(identity, [handle(greet, async () => Promise.reject(new Error('password hunter2')))]);
      const fault = await faultOf(gateway.client.call(greet, { name: 'x' }));
      expect(fault.code).toBe('Internal');
      expect(JSON.stringify({ ...fault, message: fault.message })).not.toContain('hunter2');
    });

    it('refuses a message that breaks the schema, without echoing it', async () => {
      let called = false;
      await serve(identity, [
        handle(greet, async () => {
          called = true;
          return { text: '' };
        }),
      ]);
      const fault = await faultOf(gateway.client.call(greet, { name: { secret: 'hunter2' } } as never));
      expect(fault.code).toBe('InvalidMessage');
      expect(fault.message).toContain('name');
      expect(fault.message).not.toContain('hunter2');
      expect(called).toBe(false);
    });

    it('refuses a reply that breaks the schema', async () => {
      await serve(identity, [handle(greet, async () => ({ wrong: 1 }) as never)]);
      expect((await faultOf(gateway.client.call(greet, { name: 'x' }))).code).toBe('Internal');
    });

    it('drops members the receiver does not know, unless it must know them', async () => {
      await serve(identity, [handle(olderPut, async (message) => ({ keys: Object.keys(message) }))]);
      expect(await gateway.client.call(newerPut, { key: 'a', hint: 'h' })).toEqual({ keys: ['key'] });
      expect(await gateway.client.call(newerPut, { key: 'a', ifNoneMatch: undefined })).toEqual({ keys: ['key'] });
      const fault = await faultOf(gateway.client.call(newerPut, { key: 'a', ifNoneMatch: '*' }));
      expect(fault.code).toBe('NotUnderstood');
      expect(fault.message).toContain('ifNoneMatch');
    });

    it('keeps members it must know when it knows them', async () => {
      await serve(identity, [handle(newerPut, async (message) => ({ keys: Object.keys(message).toSorted() }))]);
      expect(await gateway.client.call(newerPut, { key: 'a', ifNoneMatch: '*' })).toEqual({
        keys: ['ifNoneMatch', 'key'],
      });
    });

    it('does not let a message change prototypes', async () => {
      await serve(identity, [handle(greet, async (message) => ({ text: String((message as { bad?: 1 }).bad) }))]);
      const message = JSON.parse('{"name":"x","__proto__":{"bad":1},"nested":{"list":[],"nothing":null}}') as never;
      expect(await gateway.client.call(greet, message)).toMatchObject({ text: 'undefined' });
      expect(({} as { bad?: 1 }).bad).toBeUndefined();
    });

    it('lets nobody call but the callers of the contract', async () => {
      await serve(identity, [handle(greet, async () => ({ text: '' }))]);
      const audit = await world.transport('audit');
      expect((await faultOf(audit.client.call(greet, { name: 'x' }))).code).toBe('NotPermitted');
      expect(() => gateway.client.publish(changed, { epoch: 1 })).toThrow(/may not publish/);
      expect(() => audit.client.subscribe(changed, () => undefined)).toThrow(/may not listen/);
      await audit.drain();
    });

    it('refuses to serve what belongs to another service', () => {
      const stolen = handle(secretOfKms, async () => ({ secret: '' }));
      expect(() => identity.strategy([stolen])).toThrow(/belongs to kms/);
    });

    it('says Unavailable at once when nobody serves, and works once somebody does', async () => {
      const started = performance.now();
      expect((await faultOf(gateway.client.call(greet, { name: 'x' }))).code).toBe('Unavailable');
      expect(performance.now() - started).toBeLessThan(1_000);
      const stop = await serve(identity, [handle(greet, async () => ({ text: 'here' }))]);
      expect((await gateway.client.call(greet, { name: 'x' })).text).toBe('here');
      await stop();
      expect((await faultOf(gateway.client.call(greet, { name: 'x' }))).code).toBe('Unavailable');
    });

    it('times out at the deadline, which the handler knows', async () => {
      let context: CallContext | undefined;
      await serve(identity, [
        handle(greet, async (_message, given) => {
          context = given;
          await new Promise((resolve) => given.signal.addEventListener('abort', resolve));
          await sleep(50);
          return { text: 'late' };
        }),
      ]);
      const started = Date.now();
      const fault = await faultOf(gateway.client.call(greet, { name: 'x' }, { timeoutMs: 150 }));
      expect(fault.code).toBe('Timeout');
      expect(Date.now() - started).toBeGreaterThanOrEqual(140);
      expect(Date.now() - started).toBeLessThan(1_000);
      expect(context?.caller).toBe('gateway');
      expect(Math.abs((context?.deadline ?? 0) - started - 150)).toBeLessThan(100);
      await expect.poll(() => context?.signal.aborted).toBe(true);
    });

    it('gives up when asked to', async () => {
      await serve(identity, [handle(greet, async () => (await sleep(300), { text: '' }))]);
      const controller = new AbortController();
      const call = gateway.client.call(greet, { name: 'x' }, { signal: controller.signal });
      controller.abort(new Error('enough'));
      await expect(call).rejects.toThrow('enough');
      await expect(gateway.client.call(greet, { name: 'x' }, { signal: controller.signal })).rejects.toThrow('enough');
    });

    it('carries the trace context through nested calls', async () => {
      const seen: (string | undefined)[] = [];
      const kms = await world.transport('kms');
      await serve(kms, [
        handle(secretOfKms, async (_message, context) => {
          seen.push(context.traceparent, currentTraceparent());
          return { secret: '' };
        }),
      ]);
      await serve(identity, [
        handle(greet, async () => {
          await sleep(1);
          await identity.client.call(secretOfKms, {});
          return { text: '' };
        }),
      ]);
      await withTraceparent(TRACE, () => gateway.client.call(greet, { name: 'x' }));
      await gateway.client.call(greet, { name: 'x' });
      expect(seen).toEqual([TRACE, TRACE, undefined, undefined]);
      await kms.drain();
    });

    it('tells observers of both sides', async () => {
      await serve(identity, [handle(greet, async () => Promise.reject(new Fault('NoSuchName', 'none')))]);
      const seen: string[] = [];
      const stop = observeCalls(({ side, contract }) => ({
        end: (fault) => void seen.push(`${side} ${contract.operation} ${fault?.code ?? 'ok'}`),
      }));
      await faultOf(gateway.client.call(greet, { name: 'x' }));
      stop();
      await faultOf(gateway.client.call(greet, { name: 'x' }));
      expect(seen.toSorted()).toEqual(['client greet NoSuchName', 'server greet NoSuchName']);
    });

    it('tries a safe call once more after a passing failure, and no other call', async () => {
      let calls = 0;
      const flaky = async (): Promise<{ text: string }> => {
        calls += 1;
        if (calls === 1) throw new Fault('Unavailable', 'not now');
        return { text: 'second' };
      };
      await serve(identity, [handle(safeGreet, flaky), handle(greet, flaky)]);
      expect((await gateway.client.call(safeGreet, { name: 'x' })).text).toBe('second');
      expect(calls).toBe(2);
      calls = 0;
      expect((await faultOf(gateway.client.call(greet, { name: 'x' }))).code).toBe('Unavailable');
      expect(calls).toBe(1);
    });

    it('asks a second time when half the time is over, and takes whichever answers first', async () => {
      let calls = 0;
      await serve(identity, [
        handle(safeGreet, async () => {
          calls += 1;
          if (calls === 1) await sleep(900);
          return { text: `answer ${calls}` };
        }),
      ]);
      expect((await gateway.client.call(safeGreet, { name: 'x' }, { timeoutMs: 400 })).text).toBe('answer 2');
      expect(calls).toBe(2);
    });

    it('does not try again what failed for good', async () => {
      let calls = 0;
      await serve(identity, [
        handle(safeGreet, async () => {
          calls += 1;
          throw new Fault('NoSuchName', 'none', { status: 404 });
        }),
      ]);
      expect((await faultOf(gateway.client.call(safeGreet, { name: 'x' }))).code).toBe('NoSuchName');
      expect(calls).toBe(1);
    });

    it('spreads events to every listener and survives one that throws', async () => {
      const other = await world.transport('gateway');
      const heard: number[] = [];
      gateway.client.subscribe(changed, () => {
        throw new Error('broken listener');
      });
      const stop = gateway.client.subscribe(changed, ({ epoch }) => void heard.push(epoch));
      other.client.subscribe(changed, ({ epoch }) => void heard.push(epoch * 10));
      await gateway.ready();
      await other.ready();
      identity.client.publish(changed, { epoch: 1 });
      await expect.poll(() => heard.toSorted((a, b) => a - b)).toEqual([1, 10]);
      stop();
      await gateway.ready();
      identity.client.publish(changed, { epoch: 2 });
      await expect.poll(() => heard.includes(20)).toBe(true);
      expect(heard).not.toContain(2);
      await other.drain();
    });

    batchSuite(() => ({ gateway, identity }));

    it('loses no request when one of two replicas drains under load', async () => {
      const second = await world.transport('identity');
      const served = [0, 0];
      const worker = (index: number): Registration[] => [
        handle(greet, async ({ name }) => {
          await sleep(2);
          served[index] = (served[index] ?? 0) + 1;
          return { text: name };
        }),
      ];
      await serve(identity, worker(0));
      await serve(second, worker(1));
      const load = { running: true };
      let done = 0;
      const failures: unknown[] = [];
      const workers = Array.from({ length: 16 }, async () => {
        while (load.running) {
          const name = String(done);
          try {
            expect((await gateway.client.call(greet, { name })).text).toBe(name);
          } catch (error) {
            failures.push(error);
          }
          done += 1;
        }
      });
      await expect.poll(() => done, { timeout: 10_000 }).toBeGreaterThan(200);
      const before = done;
      await second.drain();
      const servedBySecond = served[1];
      await expect.poll(() => done, { timeout: 10_000 }).toBeGreaterThan(before + 200);
      load.running = false;
      await Promise.all(workers);
      expect(failures).toEqual([]);
      expect(servedBySecond).toBeGreaterThan(0);
      expect(served[1]).toBe(servedBySecond);
      expect(second.connected()).toBe(false);
    });

    it('finishes calls under way before it closes, and those may still call others', async () => {
      const kms = await world.transport('kms');
      await serve(kms, [handle(secretOfKms, async () => ({ secret: 'kept' }))]);
      await serve(identity, [
        handle(greet, async () => {
          await sleep(100);
          return { text: (await identity.client.call(secretOfKms, {})).secret };
        }),
      ]);
      const call = gateway.client.call(greet, { name: 'x' });
      await sleep(30);
      await identity.drain();
      expect((await call).text).toBe('kept');
      expect((await faultOf(identity.client.call(secretOfKms, {}))).code).toBe('Unavailable');
      await kms.drain();
    });
  });
}
