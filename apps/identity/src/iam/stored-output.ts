import { z } from 'zod';

/**
 * The output of a mutation as the outbox keeps it. JSON knows no dates: they become `{"$date": milliseconds}`, a shape
 * that no output has of its own.
 */
const storedReply = z.object({ epoch: z.number().int(), output: z.record(z.string(), z.unknown()) });
const storedDate = z.object({ $date: z.number() }).strict();

export interface StoredReply {
  /** Every gateway must have reached it before the mutation is answered. */
  readonly epoch: number;
  readonly output: Record<string, unknown>;
}

export function toStored(reply: StoredReply): object {
  return {
    epoch: reply.epoch,
    output: map(reply.output, (value) => (value instanceof Date ? { $date: value.getTime() } : undefined)),
  };
}

export function fromStored(stored: unknown): StoredReply {
  const { epoch, output } = storedReply.parse(stored);
  const revived = map(output, (value) => {
    const date = storedDate.safeParse(value);
    return date.success ? new Date(date.data.$date) : undefined;
  });
  return { epoch, output: revived as Record<string, unknown> };
}

/** A copy in which `replace` has taken the place of the values for which it returns something. */
function map(value: unknown, replace: (value: unknown) => unknown): unknown {
  const replaced = replace(value);
  if (replaced !== undefined) return replaced;
  if (Array.isArray(value)) return value.map((item) => map(item, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, map(item, replace)]));
}
