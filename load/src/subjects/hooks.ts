import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { workspace } from '../paths.ts';

// The product has no switches for these. A module that is loaded before it makes the difference, in measured runs alone.
const hook = (file: string): string =>
  `--import=${pathToFileURL(join(workspace, 'load', 'src', 'subjects', file)).href}`;

/**
 * The environment of an embedded Coffer whose gateway writes no records. Drafts still commit with each change, and nobody
 * comes to fetch them.
 */
export function withoutRecords(): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: hook('unrecorded-hook.mjs'), COFFER_AUDIT_DRAIN_INTERVAL_MS: '86400000' };
}

/** The environment of a Coffer that takes so much more of the processor for each request: a loss that a guard must find. */
export function slowed(micros: number): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: hook('slowed-hook.mjs'), COFFER_BENCH_SLOWED_MICROS: String(micros) };
}
