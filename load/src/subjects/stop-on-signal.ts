import type { Fleet } from './fleet.ts';

/** Ctrl-C and SIGTERM end the servers in order, and then this process with the code of one that was interrupted. */
export function stopOnSignal(fleet: Fleet): void {
  const interrupted = (): void => void fleet.stopAll().finally(() => process.exit(130));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
}
