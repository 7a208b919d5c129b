/** The middle of the values, or the mean of the two in the middle. NaN when there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** What one figure was against another in each round, and in the middle of the rounds. */
export interface Ratio {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/**
 * The ratio within each round, not of two medians: what slows the machine for a round slows both sides of it.
 * @throws RangeError when the two were not measured in the same rounds
 */
export function ratio(values: readonly number[], beside: readonly number[]): Ratio {
  if (values.length !== beside.length || values.length === 0) throw new RangeError('rounds that do not match');
  const ratios = values.map((value, round) => value / beside[round]!);
  return { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) };
}
