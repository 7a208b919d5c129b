export interface Options {
  readonly minutes: number;
  readonly seed: number;
}

export const USAGE = 'usage: npm run faults -- [--minutes N] [--seed S]';

/** @throws Error with the usage */
export function readOptions(args: readonly string[]): Options {
  const values = new Map<string, number>();
  for (let at = 0; at < args.length; at += 2) {
    const [name, value] = [args[at]!, Number(args[at + 1])];
    if (!['--minutes', '--seed'].includes(name) || !(value > 0)) throw new Error(USAGE);
    values.set(name, value);
  }
  return {
    minutes: values.get('--minutes') ?? 5,
    seed: values.get('--seed') ?? 1 + Math.floor(Math.random() * (2 ** 31 - 1)),
  };
}
