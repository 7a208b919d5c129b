/** How many keys there are and what they look like; the load client's own numbering. */
export interface KeyShape {
  readonly prefix: string;
  readonly keys: number;
  /** Keys of a group; 0 for keys without groups. */
  readonly group: number;
  readonly delimiter: string;
}

/** Key number n, as the load client names it. */
export function keyOf({ prefix, group, delimiter }: KeyShape, n: number): string {
  const digits = String(n).padStart(10, '0');
  if (group === 0) return `${prefix}${digits}`;
  return `${prefix}g${String(Math.floor(n / group)).padStart(6, '0')}${delimiter}${digits}`;
}

/** The options that make the load client use these keys. */
export function clientOptions({ prefix, group, delimiter }: KeyShape): string[] {
  return ['--prefix', prefix, '--group', String(group), '--delimiter', delimiter];
}

/** A prime: with any smaller or other count it goes through all numbers. */
const STRIDE = 7_368_787;

/** All numbers below `count`, far from their order: keys do not arrive sorted, and rows then do not lie sorted either. */
export function* scattered(count: number): Generator<number> {
  if (count % STRIDE === 0 && count > 0) throw new RangeError(`${count} keys cannot be scattered`);
  let n = 0;
  for (let done = 0; done < count; done++) {
    yield n;
    n = (n + STRIDE) % count;
  }
}
