/**
 * Text as it came over the wire. Node hands header values and request targets over with one character per byte;
 * text with characters beyond that (from HTTP/2 or a caller's literal) stands for its UTF-8 bytes.
 */
export function wireBytes(text: string): Buffer {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0xff) return Buffer.from(text, 'utf8');
  }
  return Buffer.from(text, 'latin1');
}

// oxlint-disable-next-line no-control-regex -- the ASCII range is exactly what needs no conversion
const ASCII = /^[\x00-\x7f]*$/;

// oxlint-disable-next-line no-control-regex -- what one byte can hold
const BEYOND_BYTES = /[^\x00-\xff]/;

/** Wire text with one character per byte, which is how canonical requests are put together before hashing. */
export function wireText(text: string): string {
  return BEYOND_BYTES.test(text) ? wireBytes(text).toString('latin1') : text;
}

/** What wire text with one character per byte says in UTF-8. */
export function utf8Text(wire: string): string {
  return ASCII.test(wire) ? wire : Buffer.from(wire, 'latin1').toString('utf8');
}

const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;
const ESCAPES: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return UNRESERVED.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});
const SLASH = 0x2f;

/** AWS's UriEncode: every byte but the unreserved characters of RFC 3986 becomes `%XX` in upper case. */
export function uriEncode(bytes: Uint8Array, keepSlashes = false): string {
  let encoded = '';
  for (const byte of bytes) encoded += keepSlashes && byte === SLASH ? '/' : ESCAPES[byte];
  return encoded;
}

/** The bytes behind percent-encoded text. A `%` without two hex digits, and every `+`, stand for themselves. */
export function percentDecode(text: string): Buffer {
  const bytes = wireBytes(text);
  let to = 0;
  for (let from = 0; from < bytes.length; from++, to++) {
    const high = bytes[from] === 0x25 ? hexDigit(bytes[from + 1]) : -1;
    const low = high < 0 ? -1 : hexDigit(bytes[from + 2]);
    if (low < 0) {
      bytes[to] = bytes[from] as number;
    } else {
      bytes[to] = (high << 4) | low;
      from += 2;
    }
  }
  return bytes.subarray(0, to);
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Decodes and encodes again, so that all spellings of the same text become the canonical one. */
export function recode(text: string): string {
  return UNRESERVED.test(text) ? text : uriEncode(percentDecode(text));
}
