import { describe, inject } from 'vitest';
import type { StackFacts } from './stack-facts.ts';

/** The stack that the whole run shares. */
export function stack(): StackFacts {
  const facts = inject('stack');
  if ('absent' in facts) throw new Error(facts.absent);
  return facts;
}

const injected = inject('stack');

/** Whether there is a stack; without one every suite is skipped. Use as `describe.runIf(present)`. */
export const present: boolean = !('absent' in injected);
if ('absent' in injected) console.warn(`skipped: ${injected.absent}`);

const mode = present ? stack().mode : undefined;

/** Whether the services of the stack are processes of their own. */
export const native: boolean = mode === 'native';

/** As `describe`, where it applies; elsewhere the file says why it is skipped, for the summary. */
function where(applies: boolean, reason: string): (name: string, body: () => void) => void {
  return (name, body) => {
    if (present && !applies) console.warn(`skipped: ${reason}`);
    describe.runIf(applies)(name, body);
  };
}

/** A suite for which every service needs a process, a role and a bus user of its own. */
export const onNative = where(native, 'of the native stack: elsewhere the services share one process');

/** A suite that is about one process, or whose cases one process shows all of. */
export const onEmbedded = where(mode === 'embedded', 'of embedded mode alone');

/** A suite that starts, stops or configures a stack of its own. */
export const onOwnStack = where(present && mode !== 'given', 'starts stacks of its own, and the stack is a given one');

/** A suite that looks into the data folder of the stack. */
export const onLocalData = where(
  present && stack().dataFolder !== undefined,
  'looks into the data folder, and that of the stack is not here',
);
