/**
 * Why a sealed body or a wrapped key was refused.
 *
 * - `truncated`: bytes are missing at the end.
 * - `too-long`: bytes follow after the end, or the content exceeds what the format can hold.
 * - `tampered`: authentication failed; the bytes (or, for a wrapped key, the context) are not those that were sealed.
 * - `wrong-key`: the key commitment does not fit: another key, another identity, or an altered header.
 * - `bad-format`: this is not a body or wrapped key of this format.
 * - `unsupported-version`: the format version is newer than this code.
 */
export type SealErrorCode = 'truncated' | 'too-long' | 'tampered' | 'wrong-key' | 'bad-format' | 'unsupported-version';

/** A sealed body or wrapped key could not be opened. The message never contains key or content bytes. */
export class SealError extends Error {
  override readonly name = 'SealError';
  readonly code: SealErrorCode;

  constructor(code: SealErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
