import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ChecksumAlgorithm } from '@coffer/contracts';
import { ThreadedDigest } from './threaded-digest.ts';
import { SLOT_BYTES, SLOTS, type FromThread, type ToThread } from './thread-messages.ts';

/** More threads than this are of no use beside one that reads, seals and writes. */
const MAX_THREADS = 4;
/** Shared memory that is kept for the next bodies, by thread. */
const MAX_IDLE = 8;
/** A thread holds no more than its code and the state of some digests. Unit: MiB. */
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 };

/** This module's neighbour, as source under test and compiled elsewhere. */
const program = new URL(`./digest-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/** One thread with the bodies that it counts. It is started with the first, and again after it failed. */
class Thread {
  private worker: Worker | undefined;
  private readonly bodies = new Map<number, ThreadedDigest>();
  private readonly idle: SharedArrayBuffer[] = [];
  private nextId = 0;

  get load(): number {
    return this.bodies.size;
  }

  open(names: readonly ChecksumAlgorithm[]): ThreadedDigest {
    const id = this.nextId++;
    const memory = this.idle.pop() ?? new SharedArrayBuffer(SLOTS * SLOT_BYTES);
    const worker = (this.worker ??= this.start());
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    const send = (message: ToThread): void => worker.postMessage(message);
    const body = new ThreadedDigest(id, names, memory, send, () => {
      this.bodies.delete(id);
      if (this.idle.length < MAX_IDLE) this.idle.push(memory);
    });
    this.bodies.set(id, body);
    return body;
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private start(): Worker {
    // Of its own: what this process was started with is not meant for a thread.
    const worker = new Worker(program, { name: 'digests', execArgv: [], env: {}, resourceLimits: LIMITS });
    worker.unref();
    worker.on('message', (message: FromThread) => {
      const body = this.bodies.get(message.id);
      if (message.kind === 'free') body?.freed(message.slot);
      else body?.ended(message.values);
    });
    let failure = new Error('the thread of digests ended');
    worker.once('error', (error: Error) => {
      failure = error;
    });
    worker.once('exit', () => {
      if (this.worker === worker) this.worker = undefined;
      for (const body of this.bodies.values()) body.failed(failure);
    });
    return worker;
  }
}

/**
 * Threads that count the bytes of long bodies into their digests. MD5, SHA-256 and CRC64NVME together take longer than all
 * else that happens to an uploaded byte, and the thread that serves requests has one core.
 */
export class DigestThreads {
  private readonly threads: readonly Thread[];

  /** @param count as many as there are cores beside the first, unless told; none with a single core */
  constructor(count = Math.min(MAX_THREADS, availableParallelism() - 1)) {
    this.threads = Array.from({ length: count }, () => new Thread());
  }

  /** Begins a body on the thread that has least to do; undefined where there are no threads. */
  open(names: readonly ChecksumAlgorithm[]): ThreadedDigest | undefined {
    const [first, ...others] = this.threads;
    return first && others.reduce((least, thread) => (thread.load < least.load ? thread : least), first).open(names);
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}
