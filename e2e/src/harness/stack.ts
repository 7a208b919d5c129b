import { inject } from 'vitest';
import type { StackFacts } from './stack-facts.ts';

/** The stack that the whole run shares. */
export function stack(): StackFacts {
  const facts = inject('stack');
  if ('absent' in facts) throw new Error(facts.absent);
  return facts;
}

/** Whether there is a stack; without one every suite is skipped. Use as `describe.runIf(present)`. */
export const present: boolean = !('absent' in inject('stack'));

/** Whether the services of the stack are processes of their own. */
export const native: boolean = present && stack().mode === 'native';
