import { Fault } from '@coffer/contracts';

const MAX_ENTRIES = 64;
/** Longest sum of names and values, in UTF-8 bytes: KMS's own limit on an encryption context. */
const MAX_BYTES = 8192;

/** @throws Fault `InvalidMessage` when the encryption context is too large or not well-formed text. */
export function checkEncryptionContext(context: Record<string, string>): void {
  const entries = Object.entries(context);
  if (entries.length > MAX_ENTRIES) throw invalid(`has more than ${MAX_ENTRIES} entries`);
  let bytes = 0;
  for (const [name, value] of entries) {
    if (!name.isWellFormed() || !value.isWellFormed()) throw invalid('is not well-formed text');
    const size = Math.max(Buffer.byteLength(name), Buffer.byteLength(value));
    if (size > MAX_BYTES / 2) throw invalid(`has a name or value of more than ${MAX_BYTES / 2} bytes`);
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > MAX_BYTES) throw invalid(`is longer than ${MAX_BYTES} bytes`);
}

function invalid(what: string): Fault {
  return new Fault('InvalidMessage', `The encryption context ${what}.`, { status: 400 });
}
