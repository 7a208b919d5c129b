import { splitArn } from '../glob/template.ts';
import type { PolicyKind } from '../types.ts';
import { grammarOf, malformed } from './flavour.ts';
import type { Grammar } from './flavour.ts';

const PARTITIONS = new Set(['aws', 'aws-cn', 'aws-us-gov', 'aws-iso', 'aws-iso-b', '*']);

/** Actions of a role's trust policy, in lower case. */
const TRUST_ACTIONS = new Set([
  'sts:*',
  'sts:assumerole',
  'sts:assumerolewithsaml',
  'sts:assumerolewithwebidentity',
  'sts:setcontext',
  'sts:setsourceidentity',
  'sts:tagsession',
]);

/** Checks the form `vendor:Action`, in IAM's order and words. */
export function checkIamAction(action: string, kind: PolicyKind, grammar: Grammar): void {
  if (kind === 'iam-trust' && !TRUST_ACTIONS.has(action.toLowerCase())) {
    throw malformed(grammar, 'AssumeRole policy may only specify STS AssumeRole actions.');
  }
  if (action === '*') return;
  const [vendor = '', name, ...more] = action.split(':');
  if (name === undefined) throw malformed(grammar, grammar.words.conditionKey(action));
  if (more.length > 0) throw malformed(grammar, 'Actions/Condition can contain only one colon.');
  const expected = grammarOf(kind).vendor;
  if (!/^[a-z0-9.-]+$/i.test(vendor) || (expected !== undefined && vendor.toLowerCase() !== expected)) {
    throw malformed(grammar, `Vendor ${vendor.slice(0, 128)} is not valid`);
  }
  if (name === '') throw malformed(grammar, 'The policy failed legacy parsing');
}

/** Checks that a resource is `*` or an ARN. */
export function checkIamResource(resource: string, grammar: Grammar): void {
  if (resource === '*') return;
  const shown = resource.slice(0, 256);
  const [scheme, partition = '', ...rest] = resource.split(':');
  if (scheme !== 'arn' || rest.length === 0) {
    throw malformed(grammar, `Resource ${shown} must be in ARN format or "*".`);
  }
  if (!PARTITIONS.has(partition)) {
    throw malformed(grammar, `Partition "${partition.slice(0, 64)}" is not valid for resource "${shown}".`);
  }
  if (!splitArn(resource) && !resource.endsWith('*')) {
    throw malformed(grammar, 'The policy failed legacy parsing');
  }
}
