import { ConfigError } from './config.ts';

/** Names of all places where a test can kill the process. Filled when the modules that hold them are loaded. */
export const failpoints: Set<string> = new Set();

interface Armed {
  readonly name: string;
  left: number;
}

/** `COFFER_FAILPOINT=name` or `name:nth`; a mistake must not look like a test that passes, so it throws. */
export function parseFailpoint(text: string): { name: string; nth: number } {
  const match = /^([\w.-]+)(?::([1-9]\d{0,8}))?$/.exec(text);
  if (!match?.[1]) throw new TypeError('COFFER_FAILPOINT is a name, or a name and a number (name:3)');
  return { name: match[1], nth: Number(match[2] ?? 1) };
}

function armedBy(text: string | undefined): Armed | undefined {
  if (!text) return undefined;
  const { name, nth } = parseFailpoint(text);
  return { name, left: nth };
}

const armed = armedBy(process.env['COFFER_FAILPOINT']);

/** Makes names known; called once, where the module that holds the failpoints is loaded. */
export function registerFailpoints(...names: string[]): void {
  for (const name of names) failpoints.add(name);
}

/**
 * Called once everything is loaded: an armed failpoint that exists nowhere would let a test pass that tests nothing.
 *
 * @throws ConfigError when the armed name is not among `failpoints`.
 */
export function checkFailpoint(): void {
  if (armed !== undefined && !failpoints.has(armed.name))
    throw new ConfigError(['COFFER_FAILPOINT: no such failpoint']);
}

/** Kills the process here, as a power cut would, when this failpoint is armed and its turn has come. */
export function failpoint(name: string): void {
  if (armed === undefined || armed.name !== name) return;
  armed.left -= 1;
  if (armed.left > 0) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment; nothing may happen in it.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
