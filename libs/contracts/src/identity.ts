import { z } from 'zod';
import { accountId, bytes, epochMs, policyText, principal } from './common.ts';
import { contract, event } from './contract.ts';
import { forwardedOperations } from './forward.ts';

/**
 * A gateway's licence to trust what it has cached of identity. It runs for `leaseMs` from the moment the gateway
 * *asked*, so a slow reply shortens it. Identity writes down who holds one under which epoch: a change that takes
 * rights away is answered when every holder has a newer epoch, or when the last older lease has run out.
 *
 * The epoch that the gateway names is its acknowledgement: from the moment of asking it trusts nothing older. A reply with
 * a newer epoch is no such proof, since it may get lost; a gateway that learns one asks again at once.
 */
export const lease = contract('identity', 'lease', {
  request: z.object({ gateway: z.string(), epoch: z.number().int().optional() }),
  reply: z.object({
    epoch: z.number().int(),
    leaseMs: z.number().int(),
    /** Accounts changed since the epoch the gateway named; absent when too much changed to list: drop everything. */
    changedAccounts: z.array(z.string()).optional(),
  }),
  callers: ['gateway'],
  timeoutMs: 800,
  retry: 'safe',
});

/** Hint to renew the lease now; nothing is lost when it gets lost. */
export const changed = event('identity', 'changed', z.object({ epoch: z.number().int() }), ['gateway']);

/** A principal with everything that evaluates its requests. */
export const resolvedPrincipal = z.object({
  principal,
  policies: z.array(policyText),
  boundary: policyText.optional(),
  sessionPolicies: z.array(policyText).optional(),
  /** The epoch at which this was read. */
  epoch: z.number().int(),
  /** For temporary credentials. */
  expires: epochMs.optional(),
});
export type ResolvedPrincipal = z.infer<typeof resolvedPrincipal>;

/** Who holds the access key, and the SigV4 key derived for one day, region and service. The secret stays with identity. */
export const resolveKey = contract('identity', 'resolveKey', {
  request: z.object({
    accessKeyId: z.string().max(128),
    /** YYYYMMDD; identity derives for days around its own today only. */
    date: z.string().regex(/^\d{8}$/),
    region: z.string().max(64),
    service: z.string().max(32),
    sessionToken: z.string().max(16_384).optional(),
  }),
  reply: resolvedPrincipal.extend({ signingKey: bytes }),
  callers: ['gateway'],
  faults: ['InvalidAccessKeyId', 'InvalidToken', 'ExpiredToken'],
  retry: 'safe',
});

/** SigV2 signs with the secret itself, so identity checks it. */
export const verifySigV2 = contract('identity', 'verifySigV2', {
  request: z.object({
    accessKeyId: z.string().max(128),
    stringToSign: z.string().max(65_536),
    /** base64 as the client sent it. */
    signature: z.string().max(128),
    sessionToken: z.string().max(16_384).optional(),
  }),
  reply: resolvedPrincipal,
  callers: ['gateway'],
  faults: ['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'ExpiredToken'],
  retry: 'safe',
});

/** Principals of a policy: ARNs to unique ids when it is stored, and back when it is shown. */
export const resolvePrincipals = contract('identity', 'resolvePrincipals', {
  request: z.object({ arns: z.array(z.string()).max(1000), ids: z.array(z.string()).max(1000) }),
  reply: z.object({
    /** ARN → unique id (users, roles) or the account's root ARN; null when there is none. */
    byArn: z.record(z.string(), z.string().nullable()),
    /** Unique id → ARN; null when the identity is gone. */
    byId: z.record(z.string(), z.string().nullable()),
  }),
  callers: ['object-storage', 'gateway'],
  retry: 'safe',
});

/**
 * The ARN of a user, path included, under which the gateway judges an operation on it. Both members are absent when the
 * account has no such user. Never cached: a user may be moved to another path at any time.
 */
export const userArn = contract('identity', 'userArn', {
  request: z.object({ accountId, userName: z.string() }),
  reply: z.object({ arn: z.string().optional(), userId: z.string().optional() }),
  callers: ['gateway'],
  retry: 'safe',
});

export const accountFacts = z.object({
  accountId,
  name: z.string(),
  canonicalId: z.string(),
  createdAt: epochMs,
});
export type AccountFacts = z.infer<typeof accountFacts>;

/** Operator's channel: a new account with a root access key, shown this once. */
export const createAccount = contract('identity', 'createAccount', {
  request: z.object({ name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._ -]{0,62}$/), operationId: z.string() }),
  reply: accountFacts.extend({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  callers: ['operator'],
  faults: ['AccountAlreadyExists'],
  // Only the answer shows the key. An identity that dies before it is sent is back within this time.
  timeoutMs: 20_000,
  retry: 'safe',
});

export const listAccounts = contract('identity', 'listAccounts', {
  request: z.object({}),
  reply: z.object({ accounts: z.array(accountFacts) }),
  callers: ['operator'],
  retry: 'safe',
});

/** Operator's channel: the first account's root key, for the lines that `coffer env` prints. Created if there is none. */
export const firstAccount = contract('identity', 'firstAccount', {
  request: z.object({}),
  reply: accountFacts.extend({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  callers: ['operator'],
  retry: 'safe',
});

export const identityOperations = forwardedOperations('identity', [
  'CreateUser',
  'GetUser',
  'ListUsers',
  'UpdateUser',
  'DeleteUser',
  'CreateAccessKey',
  'ListAccessKeys',
  'UpdateAccessKey',
  'DeleteAccessKey',
  'PutUserPolicy',
  'GetUserPolicy',
  'ListUserPolicies',
  'DeleteUserPolicy',
  'GetCallerIdentity',
] as const);
