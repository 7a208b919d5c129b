import * as fc from 'fast-check';
import { SealError } from '../index.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
export const contexts = fc.dictionary(text, text, { maxKeys: 5 });
/** Ids of wrapping keys. */
export const ids = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 });

/** How an attempt to open something ends: `opened`, or the code of the refusal. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof SealError) return error.code;
    throw error;
  }
  return 'opened';
}
