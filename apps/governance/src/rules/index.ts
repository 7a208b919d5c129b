import type { Rule } from './rule.ts';

/** Every rule that a destruction must pass, in the order in which refusals are reported. */
export const rules: readonly Rule[] = [];
