import type { Tag } from '@coffer/contracts';
import type { ContextValue } from './context-values.ts';

/**
 * Tags of an object as condition keys, `s3:existingobjecttag/<name in lower case>`. Names of conditions know no case,
 * but names of tags do: where two of an object differ in case alone, no value can be told for sure, and the answer is
 * undefined, which must be a refusal.
 */
export function tagValues(tags: readonly Tag[]): ReadonlyMap<string, ContextValue> | undefined {
  const values = new Map<string, ContextValue>();
  for (const { Key, Value } of tags) {
    const name = `s3:existingobjecttag/${Key.toLowerCase()}`;
    if (values.has(name)) return undefined;
    values.set(name, Value);
  }
  return values;
}
