import { open } from 'node:fs/promises';
import { KEY_BYTES } from './root-key.ts';

/** Why there is no root key to use; shown to the operator, so it never holds any part of a key. */
export class RootKeyError extends Error {
  override readonly name = 'RootKeyError';
}

export interface RootKeySource {
  /** The key itself: 64 hexadecimal digits, or base64 of 32 bytes. */
  readonly rootKey?: string | undefined;
  /** A file that holds the same, readable by its owner alone. */
  readonly rootKeyFile?: string | undefined;
}

const GROUP_AND_WORLD = 0o077;
const MAX_FILE_BYTES = 1024;
const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64 = /^[A-Za-z0-9+/]{43}=?$/;

/**
 * The 32 bytes of the root key from `COFFER_ROOT_KEY` or the file that `COFFER_ROOT_KEY_FILE` names.
 * @throws RootKeyError one sentence that says what is wrong and how to mend it.
 */
export async function readRootKey(source: RootKeySource): Promise<Buffer> {
  const { rootKey, rootKeyFile } = source;
  if (rootKey !== undefined && rootKeyFile !== undefined) {
    throw new RootKeyError('Both COFFER_ROOT_KEY and COFFER_ROOT_KEY_FILE are set; set one of them.');
  }
  if (rootKey !== undefined) return decode(rootKey, 'COFFER_ROOT_KEY');
  if (rootKeyFile !== undefined) return decode(await readPrivateFile(rootKeyFile), `The root key file ${rootKeyFile}`);
  throw new RootKeyError(
    'There is no root key; set COFFER_ROOT_KEY_FILE or COFFER_ROOT_KEY to 32 random bytes in hexadecimal or base64.',
  );
}

function decode(text: string, where: string): Buffer {
  const trimmed = text.trim();
  if (HEX.test(trimmed)) return Buffer.from(trimmed, 'hex');
  if (BASE64.test(trimmed)) {
    const key = Buffer.from(trimmed, 'base64');
    if (key.length === KEY_BYTES) return key;
  }
  throw new RootKeyError(`${where} must hold 32 bytes as 64 hexadecimal digits or as base64.`);
}

async function readPrivateFile(path: string): Promise<string> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new RootKeyError(`The root key file ${path} cannot be read (${code}).`);
  }
  try {
    // Asked of the open file, so that it cannot be another one than the one that is read.
    const facts = await file.stat();
    if (!facts.isFile()) throw new RootKeyError(`The root key file ${path} is not a regular file.`);
    if ((facts.mode & GROUP_AND_WORLD) !== 0) {
      const mode = (facts.mode & 0o777).toString(8).padStart(4, '0');
      throw new RootKeyError(
        `The root key file ${path} has mode ${mode}, which others than its owner may use; run chmod 0600 on it.`,
      );
    }
    if (facts.size > MAX_FILE_BYTES) throw new RootKeyError(`The root key file ${path} is too large to hold a key.`);
    return await file.readFile('latin1');
  } finally {
    await file.close();
  }
}
