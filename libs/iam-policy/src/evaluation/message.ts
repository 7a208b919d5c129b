import type { AccessRequest, Layer } from '../types.ts';

const POLICY_NAMES: Readonly<Record<Layer, string>> = {
  identity: 'identity-based policy',
  resource: 'resource-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  grant: 'resource-based policy',
  root: 'identity-based policy',
};

/** Only callers of the owner's account are told why; others, and the unknown, hear just this. */
const UNEXPLAINED = 'Access Denied';

function explained(request: AccessRequest): boolean {
  const { kind, accountId } = request.principal;
  return kind !== 'anonymous' && kind !== 'service' && accountId === request.resourceAccountId;
}

function beginning(request: AccessRequest): string {
  // S3 puts quotes around the resource, the other services do not.
  const resource = request.action.startsWith('s3:') ? `"${request.resource}"` : request.resource;
  return `User: ${request.principal.arn} is not authorized to perform: ${request.action} on resource: ${resource}`;
}

/** The text for a refusal by a Deny statement. */
export function explicitDenyMessage(request: AccessRequest, layer: Layer): string {
  if (!explained(request)) return UNEXPLAINED;
  const name = POLICY_NAMES[layer];
  const article = layer === 'identity' ? 'an' : 'a';
  return `${beginning(request)} with an explicit deny in ${article} ${name}`;
}

/** The text for a refusal because a layer does not allow. */
export function implicitDenyMessage(request: AccessRequest, layer: Layer): string {
  if (!explained(request)) return UNEXPLAINED;
  return `${beginning(request)} because no ${POLICY_NAMES[layer]} allows the ${request.action} action`;
}
