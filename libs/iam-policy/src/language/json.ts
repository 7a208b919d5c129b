import { MAX_DEPTH } from '../limits.ts';

/**
 * Reads JSON strictly: throws SyntaxError on bad JSON, on an object that names a key twice (the
 * loser would silently vanish from the policy) and on nesting deeper than any policy needs.
 */
export function readJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  checkStructure(text);
  return value;
}

/** Walks over text that is known to be valid JSON. */
function checkStructure(text: string): void {
  // For each open object the keys seen so far; for each open list null.
  const open: (Set<string> | null)[] = [];
  let keyExpected = false;
  for (let i = 0; i < text.length; i += 1) {
    switch (text[i]) {
      case '{':
        open.push(new Set());
        keyExpected = true;
        break;
      case '[':
        open.push(null);
        keyExpected = false;
        break;
      case '}':
      case ']':
        open.pop();
        keyExpected = false;
        break;
      case ',':
        keyExpected = open.at(-1) instanceof Set;
        break;
      case '"': {
        const end = endOfString(text, i);
        const keys = open.at(-1);
        if (keyExpected && keys) {
          const key = JSON.parse(text.slice(i, end + 1)) as string;
          if (keys.has(key)) throw new SyntaxError(`duplicate key ${key}`);
          keys.add(key);
        }
        keyExpected = false;
        i = end;
        break;
      }
      default:
    }
    if (open.length > MAX_DEPTH) throw new SyntaxError('nested too deeply');
  }
}

/** Index of the closing quote of the string that opens at `at`. */
function endOfString(text: string, at: number): number {
  let i = at + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i;
}

/** A JSON object as entries, or undefined for anything else. */
export function entriesOf(value: unknown): [string, unknown][] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value);
}

/** A string or a list of strings as a list; undefined for anything else. */
export function stringsOf(value: unknown): string[] | undefined {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return undefined;
  return value.every((item): item is string => typeof item === 'string') ? [...value] : undefined;
}

/** A list of one value is written as that value. */
export function oneOrMany(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? (values[0] as string) : values;
}
