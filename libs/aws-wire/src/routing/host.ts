/**
 * The bucket that a Host header names, by virtual-host addressing: what stands before one of the base names. Undefined
 * for a base name itself, an IP address or any other name, which all mean path style. When base names overlap, the
 * longest one counts.
 */
export function bucketOfHost(host: string, bases: readonly string[]): string | undefined {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  let longest = '';
  for (const base of bases) {
    const lower = base.toLowerCase();
    if (name === lower) return undefined;
    if (lower.length > longest.length && name.endsWith(`.${lower}`)) longest = lower;
  }
  if (longest === '') return undefined;
  return name.slice(0, -longest.length - 1) || undefined;
}
