import { join } from 'node:path';
import type { Layout, Mode } from '../data-folder/layout.ts';

/** Where a Coffer runs, which decides where to look and what to mend. */
export interface Place {
  readonly layout: Layout;
  readonly mode: Mode;
  readonly env: NodeJS.ProcessEnv;
}

/** The embedded mode has one log for all; in the stack those of replicas begin with the name of the service. */
function logOf({ layout, mode }: Place, name: string): string {
  return join(layout.logs, mode === 'embedded' ? 'coffer.log' : `${name}*.log`);
}

/** What to do when a service does not answer, or too few of its processes. */
export function mendService(place: Place, name: string): string {
  const log = `see ${logOf(place, name)}`;
  if (place.mode === 'embedded') return `If Coffer is still starting, try again; else ${log} and start it again.`;
  return `A process that ends is started again within seconds: try again; if it stays away, ${log}.`;
}

function mendDatabase({ layout, mode, env }: Place): string {
  if (mode === 'stack' && env['COFFER_STACK_POSTGRES_URL']) {
    return 'See that the Postgres of COFFER_STACK_POSTGRES_URL runs, lets the services in and has room.';
  }
  return `It is started again by itself when it ends; ${join(layout.postgres, 'postgres.log')} says what keeps it from working.`;
}

function mendBlobs({ layout, mode }: Place): string {
  if (mode === 'embedded') return `See that ${layout.blobs} is there as it was, and that this user may write in it.`;
  return `MinIO keeps it in ${layout.minio}; see ${join(layout.logs, 'minio.log')}.`;
}

/** What to do about a check that fails. Checks are named by the services, which also serve them as `/readyz`. */
export function mendCheck(place: Place, name: string, check: string): string {
  switch (check) {
    case 'database':
      return mendDatabase(place);
    case 'blobs':
      return mendBlobs(place);
    case 'rootKey':
      return 'Start Coffer with the root key under which this data was made: keys/root.key of a backup, or the variable that names it.';
    case 'serviceKey':
      return 'It comes from kms: mend that first, and this goes away by itself.';
    case 'identity':
      return 'The gateway trusts nobody while identity does not answer: mend that first, and this goes away by itself.';
    default:
      return `See ${logOf(place, name)}.`;
  }
}
