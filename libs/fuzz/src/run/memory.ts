import { setTimeout as pause } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';

const { gc } = globalThis as { gc?: () => void };

/** Bytes that are still held after garbage collection: the heap of this thread, and what its buffers hold outside. */
export async function heldBytes(): Promise<number> {
  if (!gc) throw new Error('memory is measured with node --expose-gc');
  let least = Infinity;
  for (let round = 0; round < 4; round += 1) {
    gc();
    // Finalizers and what streams have still to let go of.
    await pause(20);
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
    least = Math.min(least, heap + external);
  }
  return least;
}
