const MAXIMUM = 0x10ffff;

/** Whether the last character has one behind it, so that replacing it keeps the rest. */
export function isBelowMaximum(text: string): boolean {
  return (Array.from(text).at(-1)?.codePointAt(0) ?? MAXIMUM) < MAXIMUM;
}

/** The first string, by code points, behind all that start with `text`; undefined when there is none. */
export function successor(text: string): string | undefined {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  while (points.length > 0) {
    const last = points.pop() ?? MAXIMUM;
    if (last >= MAXIMUM) continue;
    // The surrogates are no characters.
    points.push(last === 0xd7ff ? 0xe000 : last + 1);
    return String.fromCodePoint(...points);
  }
  return undefined;
}
