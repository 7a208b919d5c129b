import type { Deps } from '../deps.ts';
import { deleteDoomed } from './doomed.ts';
import { doomParts } from './doom-parts.ts';
import { forgetBuckets } from './forget-buckets.ts';
import { forgetUploads } from './forget-uploads.ts';
import { collectOrphans } from './orphans.ts';

export interface CollectOptions {
  /** Milliseconds that a blob nobody refers to is left alone. */
  graceMs: number;
  /** Milliseconds between two deletions, so that readers of the blob tier do not suffer. */
  pauseMs?: number;
  /**
   * Milliseconds between two searches of the whole blob tier for orphans, which are done piece by piece; absent: all of it
   * from the beginning, in this round.
   */
  wholeEveryMs?: number;
  /** Ends the round early, without an error. */
  signal?: AbortSignal;
}

export interface Collected {
  doomed: number;
  orphans: number;
}

/**
 * One round: deletes the blobs of versions that are gone, then blobs that never became part of a version. Every step can
 * be broken off and done again; several collectors at once do no harm, they only do the work twice.
 */
export async function collect(deps: Deps, options: CollectOptions): Promise<Collected> {
  await doomParts(deps, options);
  await forgetUploads(deps, options);
  await forgetBuckets(deps, options);
  const doomed = await deleteDoomed(deps, options);
  const orphans = await collectOrphans(deps, options);
  return { doomed, orphans };
}
