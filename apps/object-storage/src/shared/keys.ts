/** S3's limit, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** Whether the database can hold this key: text with a NUL cannot be stored, a lone surrogate would become another key. */
export function isStorableKey(key: string): boolean {
  return key !== '' && !key.includes('\0') && key.isWellFormed() && Buffer.byteLength(key) <= MAX_KEY_BYTES;
}
