import { z } from 'zod';
import type { Contract } from '@coffer/contracts';

const none: readonly string[] = [];

/** Names of the members of this message that change what it means; its receiver has to know them. */
export function mustOf(contract: Contract, message: unknown): readonly string[] {
  if (contract.mustUnderstand.length === 0 || typeof message !== 'object' || message === null) return none;
  const members = message as Record<string, unknown>;
  return contract.mustUnderstand.filter((name) => Object.hasOwn(members, name) && members[name] !== undefined);
}

/**
 * The first name that the receiver does not know, if any. An object schema names its members; of other schemas it is
 * known what they kept, since unknown members are stripped.
 */
export function notUnderstood(schema: z.ZodType, must: readonly string[], parsed: unknown): string | undefined {
  const known = schema instanceof z.ZodObject ? (schema.shape as object) : parsed;
  return must.find((name) => typeof known !== 'object' || known === null || !Object.hasOwn(known, name));
}
