import type { NormalizedSchema } from '@smithy/core/schema';

/** The traits of a member that the wire needs, read once from the schema. */
export interface Traits {
  httpLabel?: 1;
  httpHeader?: string;
  httpPrefixHeaders?: string;
  httpQuery?: string;
  httpQueryParams?: 1;
  httpPayload?: 1;
  httpResponseCode?: 1;
  xmlName?: string;
  xmlFlattened?: 1;
  xmlAttribute?: 1;
  xmlNamespace?: readonly [prefix: string | undefined, uri: string];
  streaming?: 1;
}

/** One member of a structure. */
export interface Member {
  readonly name: string;
  readonly schema: NormalizedSchema;
  readonly traits: Traits;
  /** XML element or form key of the member: its own `xmlName`, not that of its target. */
  readonly wireName: string;
  readonly required: boolean;
}

/** Members of a structure in the order of the schema; none for the unit type. */
export function membersOf(schema: NormalizedSchema): Member[] {
  if (schema.isUnitSchema()) return [];
  const raw = schema.getSchema() as readonly unknown[];
  const requiredCount = typeof raw[6] === 'number' ? raw[6] : 0;
  const members: Member[] = [];
  for (const [name, member] of schema.structIterator()) {
    const own = member.getMemberTraits() as Traits;
    members.push({
      name,
      schema: member,
      traits: member.getMergedTraits() as Traits,
      wireName: own.xmlName ?? name,
      required: members.length < requiredCount,
    });
  }
  return members;
}

/** True for a member that travels in the body and not in the path, the query string, a header or the status. */
export function inBody({ traits }: Member): boolean {
  return !(
    traits.httpLabel ??
    traits.httpHeader ??
    traits.httpPrefixHeaders ??
    traits.httpQuery ??
    traits.httpQueryParams ??
    traits.httpPayload ??
    traits.httpResponseCode
  );
}

/** Name of the root element of a structure that is a whole body: the payload's own name wins over the shape's. */
export function rootName(schema: NormalizedSchema): string {
  return (schema.getMergedTraits() as Traits).xmlName ?? schema.getName() ?? '';
}

/** Structures compiled so far; a structure that holds itself finds its own, still empty, entry. */
export class CompileMemo<T> {
  readonly #done = new Map<unknown, { value: T | undefined }>();

  /** Compiles `schema` once. Within its own compilation `link` is given a function that reads the result later. */
  once(schema: NormalizedSchema, compile: () => T, link: (later: () => T) => T): T {
    const key = schema.getSchema();
    const entry = this.#done.get(key);
    if (entry) return entry.value ?? link(() => entry.value as T);
    const fresh: { value: T | undefined } = { value: undefined };
    this.#done.set(key, fresh);
    fresh.value = compile();
    return fresh.value;
  }
}
