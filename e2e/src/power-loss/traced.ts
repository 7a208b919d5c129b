import { requires } from '@coffer/testing';
import { onEmbedded } from '../harness/stack.ts';

const traceable = process.platform === 'linux' && requires('strace');

/** As `onEmbedded`, where the calls of a process can be logged. Skipped elsewhere, with the reason. */
export function onTraceable(name: string, body: () => void): void {
  if (traceable) onEmbedded(name, body);
  else if (process.platform !== 'linux') console.warn('skipped: only Linux has strace');
}
