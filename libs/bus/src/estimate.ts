const OVERHEAD_BYTES = 256;
const MEMBER_BYTES = 8;
const MAX_DEPTH = 6;

function sizeOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return MEMBER_BYTES;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (depth === MAX_DEPTH) return MEMBER_BYTES;
  let total = MEMBER_BYTES;
  if (Array.isArray(value)) for (const member of value) total += MEMBER_BYTES + sizeOf(member, depth + 1);
  else for (const name in value) total += MEMBER_BYTES + sizeOf((value as Record<string, unknown>)[name], depth + 1);
  return total;
}

/** About how many bytes the message takes in a batch. Cheap rather than exact: the limit it serves is soft. */
export function estimateBytes(message: unknown): number {
  return OVERHEAD_BYTES + sizeOf(message, 0);
}
