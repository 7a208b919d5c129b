import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of bodies that pass between two collections. Each leaves twice as much behind: as it came, and sealed or opened. */
const EVERY = 16 * 1024 * 1024;

setFlagsFromString('--expose-gc');
/**
 * The heap may grow to three times what the last large collection left. Unless told, V8 chooses from 1.1 to 4 by how busy
 * it finds the program, and counts buffers that wait for a small collection as growth: it was seen to fall into
 * collecting all of 39 MiB fifteen times a second, for nothing, at half the rate of a download.
 */
setFlagsFromString('--heap-growing-percent=200');
const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;

let passed = 0;

/**
 * Tells of bytes of a body that came in or went out, so that the buffers they lay in are let go of soon.
 *
 * V8 collects when JavaScript's own memory is full, and a buffer weighs next to nothing there: more than 100 MiB of used
 * buffers were seen before it did. A small collection costs some 2 ms, and the memory is used again while it is warm.
 */
export function countPassed(bytes: number): void {
  passed += bytes;
  if (passed < EVERY) return;
  passed = 0;
  collect({ type: 'minor' });
}
