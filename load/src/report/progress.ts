const began = performance.now();

/** Says on standard error where the run is; the report alone goes to standard output. */
export function progress(line: string): void {
  const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(4);
  process.stderr.write(`${seconds} s  ${line}\n`);
}
