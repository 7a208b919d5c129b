import { randomUUID } from 'node:crypto';
import type { BusClient } from '@coffer/bus';
import type { Database } from '@coffer/database';
import { counter, type Logger } from '@coffer/service-kit';
import type { Config } from '../config.ts';
import { closeInterrupted } from '../interrupted/close-interrupted.ts';
import { Lease } from '../leases/lease.ts';
import { drainOutbox, outboxOwners } from '../outbox/drain.ts';
import type { Partitions } from '../partitions/partitions.ts';
import { repeat } from './repeat.ts';

const HOUR_MS = 3_600_000;
const DRAFTS_AT_ONCE = 500;
/**
 * Longer than a round takes as a rule; when one takes longer, two replicas do the same work, which does no harm. Short
 * enough that the work of a replica that died goes on soon.
 */
const LEAST_LEASE_MS = 2_000;

const drained = counter({
  name: 'coffer_audit_drained_drafts_total',
  help: 'Drafts taken over from the outboxes, whether or not the gateway had recorded the request.',
  labels: ['owner'],
});
const interrupted = counter({
  name: 'coffer_audit_interrupted_total',
  help: 'Reads closed as interrupted because their closing record never came.',
});

export interface BackgroundDeps {
  client: BusClient;
  database: Database;
  partitions: Partitions;
  logger: Logger;
  outcomes: Map<string, string>;
}

/** What audit does unasked. One replica at a time drains and closes; each keeps the partitions ahead. */
export function startBackground(deps: BackgroundDeps, config: Config): () => Promise<void> {
  const { database, partitions, logger, outcomes } = deps;
  const holder = randomUUID();
  const leases: Lease[] = [];
  const lease = (name: string, intervalMs: number): Lease => {
    const made = new Lease(database, name, holder, Math.max(LEAST_LEASE_MS, 2 * intervalMs));
    leases.push(made);
    return made;
  };

  const drainMs = config.COFFER_AUDIT_DRAIN_INTERVAL_MS;
  const drains = outboxOwners.map((owner) => {
    const mine = lease(`drain.${owner}`, drainMs);
    return repeat({ name: `outbox of ${owner}`, intervalMs: drainMs, logger, outcomes }, async (signal) => {
      if (!(await mine.take())) return;
      const options = { minAgeMs: config.COFFER_AUDIT_DRAIN_MIN_AGE_MS, limit: DRAFTS_AT_ONCE, signal };
      drained.inc({ owner }, await drainOutbox(deps, owner, options));
    });
  });

  const closeMs = config.COFFER_AUDIT_CLOSE_INTERVAL_MS;
  const closing = lease('interrupted', closeMs);
  const close = repeat({ name: 'interrupted reads', intervalMs: closeMs, logger, outcomes }, async () => {
    if (!(await closing.take())) return;
    interrupted.inc(await closeInterrupted(database, config.COFFER_LONGEST_REQUEST_MS));
  });

  const ahead = repeat({ name: 'partitions', intervalMs: HOUR_MS, logger, outcomes }, () => {
    return partitions.ensureAhead(Date.now());
  });

  return async () => {
    await Promise.all([...drains, close, ahead].map((stop) => stop()));
    await Promise.allSettled(leases.map((each) => each.release()));
  };
}
