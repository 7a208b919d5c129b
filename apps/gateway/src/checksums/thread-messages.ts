import type { ChecksumAlgorithm } from '@coffer/contracts';

/** Bytes of one slot of the memory that a body shares with its thread, and how many slots it has. */
export const SLOT_BYTES = 256 * 1024;
export const SLOTS = 4;

/** To the thread, about one body: its digests, then its bytes slot by slot, then its end. */
export type ToThread =
  | {
      readonly kind: 'begin';
      readonly id: number;
      readonly names: readonly ChecksumAlgorithm[];
      readonly memory: SharedArrayBuffer;
    }
  | { readonly kind: 'bytes'; readonly id: number; readonly slot: number; readonly length: number }
  | { readonly kind: 'end'; readonly id: number }
  /** The body is given up; nothing is answered. */
  | { readonly kind: 'drop'; readonly id: number };

/** From the thread: a slot was counted and may be filled again; the values, in the order of the names. */
export type FromThread =
  | { readonly kind: 'free'; readonly id: number; readonly slot: number }
  | { readonly kind: 'values'; readonly id: number; readonly values: readonly Uint8Array[] };
