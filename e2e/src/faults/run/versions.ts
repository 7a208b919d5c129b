import type { SeededRandom } from '../seeded-random.ts';

export interface Version {
  readonly id: string;
  readonly key: string;
  /** The name of its value; empty for a delete marker. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
  removalStart?: number;
  removalEnd?: number;
}

export interface ShownVersion {
  readonly key: string;
  readonly id: string;
  readonly value: string;
}

/** The versions that clients of the versioned bucket were told of. */
export class Versions {
  readonly #byKey = new Map<string, Version[]>();
  /** What was tried and got no answer: each may have left one version. */
  readonly #unsure = new Map<string, string[]>();

  readonly #nameless = new Map<string, string[]>();

  made(version: Version): void {
    const versions = this.#byKey.get(version.key) ?? [];
    versions.push(version);
    this.#byKey.set(version.key, versions);
  }

  /** It was acknowledged, and its id not told. */
  nameless(key: string, value: string): void {
    this.#nameless.set(key, [...(this.#nameless.get(key) ?? []), value]);
  }

  unsure(key: string, value: string): void {
    this.#unsure.set(key, [...(this.#unsure.get(key) ?? []), value]);
  }

  of(key: string): readonly Version[] {
    return this.#byKey.get(key) ?? [];
  }

  /**
   * One that certainly is not the current one and will not be, since another was begun after it was acknowledged: its
   * removal changes nothing for those who read the key.
   */
  superseded(key: string, random: SeededRandom): Version | undefined {
    const versions = this.of(key);
    const newest = Math.max(...versions.map(({ start }) => start));
    const old = versions.filter(({ end, removalStart }) => end < newest && removalStart === undefined);
    return old.length === 0 ? undefined : random.pick(old);
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) {
      this.#byKey.delete(key);
      this.#unsure.delete(key);
      this.#nameless.delete(key);
    }
  }

  /** Compares with all versions of these keys that a server lists while nobody writes. */
  check(shown: readonly ShownVersion[], keys: readonly string[]): string[] {
    const problems: string[] = [];
    const listed = new Map(shown.map((version) => [version.id, version]));
    if (listed.size !== shown.length) problems.push('a version is listed twice');
    const left = new Map([...this.#unsure].map(([key, values]) => [key, [...values]]));
    const due = new Map([...this.#nameless].map(([key, values]) => [key, [...values]]));
    for (const version of keys.flatMap((key) => this.of(key))) {
      const { id, key, value, removalStart, removalEnd } = version;
      const there = listed.get(id);
      listed.delete(id);
      if (!there && removalStart === undefined)
        problems.push(`version ${id} of ${key} was acknowledged and is not there`);
      if (there && removalEnd !== undefined) problems.push(`version ${id} of ${key} was removed and is there`);
      if (there && (there.value !== value || there.key !== key))
        problems.push(`version ${id} of ${key} holds ${there.value || 'nothing'}, not ${value || 'nothing'}`);
    }
    for (const { id, key, value } of listed.values()) {
      if (!takeOut(due.get(key), value) && !takeOut(left.get(key), value))
        problems.push(`version ${id} of ${key} (${value || 'a delete marker'}) is nothing that a client made`);
    }
    for (const key of keys) {
      for (const value of due.get(key) ?? [])
        problems.push(`a version of ${key} (${value}) was acknowledged and is not there`);
    }
    return problems;
  }
}

function takeOut(values: string[] | undefined, value: string): boolean {
  const at = values?.indexOf(value) ?? -1;
  if (at >= 0) values!.splice(at, 1);
  return at >= 0;
}
