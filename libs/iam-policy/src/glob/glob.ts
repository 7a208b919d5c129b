/** `*`: any run of characters, also none. */
export const ANY_RUN = 0;
/** `?`: exactly one character. */
export const ANY_ONE = 1;

/** A piece of a pattern: literal text or a wildcard. */
export type GlobToken = string | typeof ANY_RUN | typeof ANY_ONE;

/** Says whether a text matches as a whole. */
export type Matcher = (text: string) => boolean;

/** Splits a pattern at its wildcards. */
export function globTokens(pattern: string): GlobToken[] {
  const tokens: GlobToken[] = [];
  let from = 0;
  for (let i = 0; i < pattern.length; i += 1) {
    const char = pattern[i];
    if (char !== '*' && char !== '?') continue;
    if (i > from) tokens.push(pattern.slice(from, i));
    tokens.push(char === '*' ? ANY_RUN : ANY_ONE);
    from = i + 1;
  }
  if (from < pattern.length) tokens.push(pattern.slice(from));
  return tokens;
}

/** Whether the pattern holds a wildcard. */
export function hasWildcard(tokens: readonly GlobToken[]): boolean {
  return tokens.some((token) => typeof token !== 'string');
}

/**
 * Makes a matcher. Time per match is at most the product of both lengths, and linear for patterns
 * that a person would write: literal pieces are found in order and never looked for again.
 */
export function compileGlob(tokens: readonly GlobToken[]): Matcher {
  if (!hasWildcard(tokens)) {
    const literal = tokens.join('');
    return (text) => text === literal;
  }
  return tokens.includes(ANY_ONE) ? matcherWithSingles(tokens) : matcherOfRuns(tokens);
}

/** Literal pieces separated by `*`: first and last are anchored, each other is taken at its earliest place. */
function matcherOfRuns(tokens: readonly GlobToken[]): Matcher {
  const pieces: string[] = [];
  let piece = '';
  for (const token of tokens) {
    if (typeof token === 'string') {
      piece += token;
      continue;
    }
    pieces.push(piece);
    piece = '';
  }
  pieces.push(piece);
  const head = pieces[0] ?? '';
  const tail = pieces.at(-1) ?? '';
  const middle = pieces.slice(1, -1).filter((piece) => piece !== '');
  if (middle.length === 0 && tail === '') {
    return head === '' ? () => true : (text) => text.startsWith(head);
  }
  const least = head.length + tail.length + middle.reduce((sum, piece) => sum + piece.length, 0);
  return (text) => {
    if (text.length < least || !text.startsWith(head) || !text.endsWith(tail)) return false;
    let at = head.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= text.length - tail.length;
  };
}

const RUN_CODE = -1;
const ONE_CODE = -2;

/** Patterns with `?`: two cursors; only the latest `*` is ever tried again, so no exponential search. */
function matcherWithSingles(tokens: readonly GlobToken[]): Matcher {
  const codes: number[] = [];
  for (const token of tokens) {
    if (token === ANY_RUN) {
      if (codes.at(-1) !== RUN_CODE) codes.push(RUN_CODE);
    } else if (token === ANY_ONE) codes.push(ONE_CODE);
    else for (let i = 0; i < token.length; i += 1) codes.push(token.charCodeAt(i));
  }
  const pattern = Int32Array.from(codes);
  return (text) => {
    let p = 0;
    let t = 0;
    let retryPattern = -1;
    let retryText = 0;
    while (t < text.length) {
      const code = p < pattern.length ? pattern[p] : undefined;
      if (code === RUN_CODE) {
        p += 1;
        retryPattern = p;
        retryText = t;
      } else if (code === ONE_CODE) {
        p += 1;
        t += characterLength(text, t);
      } else if (code === text.charCodeAt(t)) {
        p += 1;
        t += 1;
      } else if (retryPattern >= 0) {
        retryText += 1;
        p = retryPattern;
        t = retryText;
      } else return false;
    }
    while (p < pattern.length && pattern[p] === RUN_CODE) p += 1;
    return p === pattern.length;
  };
}

/** One character is one code point, which is one or two UTF-16 units. */
function characterLength(text: string, at: number): 1 | 2 {
  const high = text.charCodeAt(at);
  if (high < 0xd800 || high > 0xdbff || at + 1 >= text.length) return 1;
  const low = text.charCodeAt(at + 1);
  return low >= 0xdc00 && low <= 0xdfff ? 2 : 1;
}

/** Whether some text that begins with `prefix` can match the pattern. */
export function canMatchPrefix(tokens: readonly GlobToken[], prefix: string): boolean {
  const codes = tokens.flatMap((token): GlobToken[] => (typeof token === 'string' ? Array.from(token) : [token]));
  let live = closure(new Set([0]), codes);
  for (const char of prefix) {
    const next = new Set<number>();
    for (const state of live) {
      const code = codes[state];
      if (code === ANY_RUN) next.add(state);
      else if (code === ANY_ONE || code === char) next.add(state + 1);
    }
    live = closure(next, codes);
    if (live.size === 0) return false;
  }
  return true;
}

/** States reachable without reading a character. */
function closure(states: Set<number>, codes: readonly GlobToken[]): Set<number> {
  for (const state of states) if (codes[state] === ANY_RUN) states.add(state + 1);
  return states;
}
