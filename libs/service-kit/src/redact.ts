const REDACTED = '[redacted]';
const MAX_DEPTH = 8;
const MAX_ENTRIES = 200;

/** Names of members whose values never reach a log, whatever they hold. Matched without regard to case, `-` and `_`. */
const SECRET_NAME =
  /authorization|secret|password|passwd|passphrase|token|credential|privatekey|signingkey|rootkey|datakey|wrappingkey|keymaterial|plaintext|customerkey|cookie|seed|totp|otpauth|mfacode|authenticationcode|signature|^xamzmfa$/i;

/** Secrets inside longer texts: passwords in URLs, signatures and tokens in query strings and headers. */
const IN_TEXT: readonly [RegExp, string][] = [
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, `$1:${REDACTED}@`],
  [/((?:x-amz-)?(?:signature|security-token|credential)=)[^&\s"',]+/gi, `$1${REDACTED}`],
  [/((?:password|passwd|secret|token)=)[^&\s"',]+/gi, `$1${REDACTED}`],
  [/\b(bearer|basic)\s+[\w+/.=~-]{8,}/gi, `$1 ${REDACTED}`],
  [/\b(AWS\s+[A-Z0-9]{16,}):[\w+/=]+/g, `$1:${REDACTED}`],
];

export function redactText(text: string): string {
  let clean = text;
  for (const [pattern, replacement] of IN_TEXT) clean = clean.replace(pattern, replacement);
  return clean;
}

function redactError(error: Error, depth: number): object {
  const { name, message, stack, cause, ...rest } = error as Error & Record<string, unknown>;
  return {
    type: name,
    message: redactText(message),
    ...(stack === undefined ? {} : { stack: redactText(stack) }),
    ...(cause === undefined ? {} : { cause: redact(cause, depth + 1) }),
    ...(redact(rest, depth + 1) as object),
  };
}

/**
 * A copy that may be written to a log: members with a secret's name and all bytes are replaced, texts are searched
 * for secrets. Never throws; what is nested too deep is cut off.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof URL) return redactText(value.href);
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((each) => redact(each, depth + 1));
  if (value instanceof Set) return redact([...value], depth);
  const members = value instanceof Map ? [...value] : Object.entries(value);
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of members.slice(0, MAX_ENTRIES)) {
    const key = String(name);
    const secret = member !== undefined && member !== null && SECRET_NAME.test(key.replaceAll(/[-_]/g, ''));
    copy[key] = secret && typeof member !== 'boolean' ? REDACTED : redact(member, depth + 1);
  }
  return copy;
}
