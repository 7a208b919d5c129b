import { Fault } from '@coffer/contracts';
import { Packr, Unpackr, type Options } from 'msgpackr';
import { z } from 'zod';
import type { Envelope, Outcome } from './envelope.ts';
import { busFault } from './faults.ts';
import { requireWellFormed } from './well-formed.ts';

/**
 * MessagePack without records: no state is shared between two messages, and none is compiled from what arrives.
 * Binary members arrive as Buffers of their own, so that a small one kept in a cache does not keep a whole batch
 * alive. Members that are undefined do not travel. `__proto__` never becomes a prototype (msgpackr renames it).
 */
const options: Options & { skipValues: unknown[] } = {
  useRecords: false,
  mapsAsObjects: true,
  copyBuffers: true,
  skipValues: [undefined],
};
const packr = new Packr(options);
const unpackr = new Unpackr(options);

/** Throws what msgpackr throws on a value that cannot travel. */
export const encode = (value: unknown): Buffer => packr.pack(value);

/** Throws what `requireWellFormed` does, and what msgpackr throws on broken bytes. */
export function decode(bytes: Uint8Array): unknown {
  requireWellFormed(bytes);
  return unpackr.unpack(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

const strings = z.record(z.string(), z.string());
const wireFault = z.object({
  code: z.string(),
  message: z.string(),
  status: z.number(),
  extras: strings.optional(),
  headers: strings.optional(),
  data: z.unknown().optional(),
});

function hasMembers(record: Record<string, string>): boolean {
  return Object.keys(record).length > 0;
}

function faultToWire(fault: Fault): object {
  return {
    code: fault.code,
    message: fault.message,
    status: fault.status,
    extras: hasMembers(fault.extras) ? fault.extras : undefined,
    headers: hasMembers(fault.headers) ? fault.headers : undefined,
    data: fault.data,
  };
}

function faultFromWire(value: unknown): Fault {
  const parsed = wireFault.safeParse(value);
  if (!parsed.success) return busFault('Internal', 'The reply is a fault that cannot be read');
  const { code, message, status, extras, headers, data } = parsed.data;
  return new Fault(code, message, { status, data, ...(extras ? { extras } : {}), ...(headers ? { headers } : {}) });
}

/** A fault as it looks after a journey: nothing in it is shared with the sender. */
export function copyFault(fault: Fault): Fault {
  return faultFromWire(decode(encode(faultToWire(fault))));
}

/** Stands for a reply that would travel alone but not together with the others of its batch. */
export const noRoom: Outcome = {
  fault: busFault('Internal', 'The replies of the batch are larger than the bus carries'),
};

/** A reply is `[0, reply]`, `[1, fault]` or, for `noRoom`, `[2, null]`; a batch of them is an array of such pairs. */
type WireOutcome = readonly [0 | 1 | 2, unknown];

function outcomeToWire(outcome: Outcome): WireOutcome {
  if (outcome === noRoom) return [2, null];
  return 'fault' in outcome ? [1, faultToWire(outcome.fault)] : [0, outcome.reply];
}

export function encodeOutcomes(outcomes: readonly Outcome[]): Buffer {
  return encode(outcomes.map((outcome) => outcomeToWire(outcome)));
}

/** Throws a `Fault` when the bytes are no reply for that many elements. */
export function decodeOutcomes(bytes: Uint8Array, count: number): Outcome[] {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch {
    throw busFault('Internal', 'The reply cannot be read');
  }
  if (!Array.isArray(value) || value.length !== count) throw busFault('Internal', 'The reply has the wrong shape');
  return value.map((pair: unknown): Outcome => {
    if (!Array.isArray(pair) || pair.length !== 2)
      return { fault: busFault('Internal', 'The reply has the wrong shape') };
    if (pair[0] === 2) return noRoom;
    return pair[0] === 0 ? { reply: pair[1] as unknown } : { fault: faultFromWire(pair[1]) };
  });
}

const wireEnvelope = z.tuple([z.unknown(), z.number().positive(), z.string(), z.array(z.string()).max(64)]);
const wireEnvelopes = z.array(wireEnvelope).min(1).max(1024);

/** A batch is an array of `[message, milliseconds left, traceparent or "", names to understand]`. */
export function encodeEnvelopes(envelopes: readonly Envelope[]): Buffer {
  return encode(
    envelopes.map(({ message, timeoutMs, traceparent, must }) => [message, timeoutMs, traceparent ?? '', must]),
  );
}

/** Throws when the bytes are no batch. */
export function decodeEnvelopes(bytes: Uint8Array): Envelope[] {
  return wireEnvelopes.parse(decode(bytes)).map(([message, timeoutMs, traceparent, must]) => ({
    message,
    timeoutMs,
    must,
    ...(traceparent === '' ? {} : { traceparent }),
  }));
}
