// A thread that counts bytes into digests; `DigestThreads` starts it and gives it its messages.
import { parentPort } from 'node:worker_threads';
import { newDigester, type Digester } from './algorithms.ts';
import { SLOT_BYTES, type FromThread, type ToThread } from './thread-messages.ts';

interface Body {
  readonly memory: Uint8Array;
  readonly counters: readonly Digester[];
}

if (!parentPort) throw new Error('this module runs as a thread');
const port = parentPort;
const bodies = new Map<number, Promise<Body>>();

function answer(message: FromThread): void {
  port.postMessage(message);
}

async function open(names: Extract<ToThread, { kind: 'begin' }>['names'], memory: SharedArrayBuffer): Promise<Body> {
  return { memory: new Uint8Array(memory), counters: await Promise.all(names.map((name) => newDigester(name))) };
}

/** Messages about one body take effect in their order: all wait for the same promise. */
async function take(message: ToThread): Promise<void> {
  const { id } = message;
  if (message.kind === 'begin') {
    bodies.set(id, open(message.names, message.memory));
    return;
  }
  const body = await bodies.get(id);
  if (!body) return;
  if (message.kind === 'bytes') {
    const from = message.slot * SLOT_BYTES;
    const bytes = body.memory.subarray(from, from + message.length);
    for (const counter of body.counters) counter.update(bytes);
    answer({ kind: 'free', id, slot: message.slot });
    return;
  }
  bodies.delete(id);
  if (message.kind === 'end') answer({ kind: 'values', id, values: body.counters.map((counter) => counter.digest()) });
}

port.on('message', (message: ToThread) => {
  take(message).catch((error: unknown) => {
    // The main thread hears of it by the end of this one, and fails the bodies that were under way.
    setImmediate(() => {
      throw error;
    });
  });
});
