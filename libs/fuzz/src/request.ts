/** A request as the files of a corpus hold it: a request line, header lines, an empty line, the body. */
export interface RequestParts {
  readonly method: string;
  readonly target: string;
  /** Pairs in their order, one character per byte, as Node's reader gives them. */
  readonly pairs: readonly (readonly [name: string, value: string])[];
  /** By lower-case name; values of repeated ones joined, as Node does. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Takes the text of a request apart without refusing anything: what an HTTP reader would not let through reaches the
 * target too. Lines end in LF or CRLF.
 */
export function readRequest(input: Buffer): RequestParts {
  const text = input.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  const head = end ? text.slice(0, end.index) : text;
  const body = end ? input.subarray(end.index + end[0].length) : Buffer.alloc(0);
  const [first = '', ...lines] = head.split(/\r?\n/);
  const [method = '', target = ''] = first.split(' ');
  const pairs = lines.map((line) => {
    const colon = line.indexOf(':');
    return colon < 0 ? ([line, ''] as const) : ([line.slice(0, colon), line.slice(colon + 1).trim()] as const);
  });
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of pairs) {
    const lower = name.toLowerCase();
    headers[lower] = headers[lower] === undefined ? value : `${headers[lower]}, ${value}`;
  }
  return { method, target, pairs, headers, body };
}
