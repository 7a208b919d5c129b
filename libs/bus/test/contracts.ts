import { contract, event, type Contract } from '@coffer/contracts';
import { z } from 'zod';

/** Contracts of these tests; identity plays the server, gateway its caller, audit the stranger. */
export const greet = contract('identity', 'greet', {
  request: z.object({
    name: z.string(),
    bytes: z.instanceof(Uint8Array).optional(),
    at: z.date().optional(),
    nested: z.object({ list: z.array(z.number()), nothing: z.null() }).optional(),
  }),
  reply: z.object({
    text: z.string(),
    bytes: z.instanceof(Uint8Array).optional(),
    at: z.date().optional(),
    keys: z.array(z.string()).optional(),
  }),
  callers: ['gateway'],
  faults: ['NoSuchName'],
  timeoutMs: 2_000,
});

export const safeGreet: Contract<{ name: string }, { text: string }> = contract('identity', 'safe-greet', {
  request: z.object({ name: z.string() }),
  reply: z.object({ text: z.string() }),
  callers: ['gateway'],
  retry: 'safe',
  timeoutMs: 2_000,
});

/** A question to every process. */
export const who = contract('identity', 'who', {
  request: z.object({ slowMs: z.number().optional() }),
  reply: z.object({ name: z.string() }),
  callers: ['gateway'],
  faults: ['NoSuchName'],
  toAll: true,
  timeoutMs: 1_000,
});

/** What a newer sender says on the subject of `put`: one member more, and the receiver must know it. */
export const newerPut = contract('identity', 'put', {
  request: z.object({ key: z.string(), ifNoneMatch: z.string().optional(), hint: z.string().optional() }),
  reply: z.object({ keys: z.array(z.string()) }),
  callers: ['gateway'],
  mustUnderstand: ['ifNoneMatch'],
});
export const olderPut = contract('identity', 'put', {
  request: z.object({ key: z.string() }),
  reply: z.object({ keys: z.array(z.string()) }),
  callers: ['gateway'],
});

export const add = contract('identity', 'add', {
  request: z.object({ left: z.number(), right: z.number(), body: z.instanceof(Uint8Array).optional() }),
  reply: z.object({ sum: z.number(), size: z.number() }),
  callers: ['gateway'],
  faults: ['Overflow'],
  batched: true,
  timeoutMs: 2_000,
});
export const newerAdd = contract('identity', 'add', {
  request: z.object({ left: z.number(), right: z.number(), modulo: z.number().optional() }),
  reply: z.object({ sum: z.number(), size: z.number() }),
  callers: ['gateway'],
  batched: true,
  mustUnderstand: ['modulo'],
});

/** Replies as large as asked for. */
export const readAll = contract('identity', 'read-all', {
  request: z.object({ size: z.number() }),
  reply: z.object({ bytes: z.instanceof(Uint8Array) }),
  callers: ['gateway'],
  retry: 'safe',
  batched: true,
});

export const addIn = contract('identity', 'add-in', {
  request: z.object({ place: z.string(), left: z.number() }),
  reply: z.object({ sum: z.number() }),
  callers: ['gateway'],
  batched: true,
  batchBy: ({ place }) => place,
  timeoutMs: 5_000,
});

export const secretOfKms = contract('kms', 'secret', {
  request: z.object({}),
  reply: z.object({ secret: z.string() }),
  callers: ['identity'],
});

export const changed = event('identity', 'changed', z.object({ epoch: z.number() }), ['gateway']);

export const allContracts = [greet, safeGreet, who, newerPut, add, readAll, addIn, secretOfKms] as const;
export const allEvents = [changed] as const;
