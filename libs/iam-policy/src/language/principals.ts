import type { Principal, PrincipalDocument, PolicyKind } from '../types.ts';
import { isS3Kind, malformed } from './flavour.ts';
import type { Grammar } from './flavour.ts';
import { entriesOf, oneOrMany, stringsOf } from './json.ts';

const ACCOUNT_ID = /^\d{12}$/;
const CANONICAL_ID = /^[0-9a-f]{64}$/;
const UNIQUE_ID = /^(?:AIDA|AROA)[A-Z0-9]{8,124}$/;
const HOST = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;
const ACCOUNT_ARN = /^arn:aws(?:-cn|-us-gov)?:iam::(\d{12}):root$/;
const IDENTITY_ARN =
  /^arn:aws(?:-cn|-us-gov)?:(?:iam::\d{12}:(?:user|role)\/[\w+=,.@/-]+|sts::\d{12}:(?:assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+))$/;
const PROVIDER_ARN = /^arn:aws(?:-cn|-us-gov)?:iam::\d{12}:(?:saml-provider|oidc-provider)\/[\w+=,.@/:-]+$/;

/** How much a resource policy's Allow gives to a principal. */
export const Grant = {
  /** Does not name the principal. */
  None: 0,
  /** Names its account: the account's own policies must allow as well. */
  Account: 1,
  /** Names everyone or the role: boundary and session policies still limit. */
  Limited: 2,
  /** Names the user or the session itself: implicit denies of boundary and session do not count. */
  Direct: 3,
} as const;

/** One of the values of `Grant`; a greater one gives more. */
export type Grant = (typeof Grant)[keyof typeof Grant];

/** One principal as a policy names it. */
export interface PrincipalName {
  readonly type: 'AWS' | 'Service' | 'Federated' | 'CanonicalUser';
  /** `*`, an ARN, an unique id, a service name, a provider or a canonical id. */
  readonly value: string;
}

/** Checks a Principal or NotPrincipal element and brings it into normal form. */
export function normalisePrincipal(
  raw: unknown,
  kind: PolicyKind,
  grammar: Grammar,
  allowUniqueIds: boolean,
): PrincipalDocument {
  if (raw === '*') return '*';
  const entries = entriesOf(raw);
  if (!entries || entries.length === 0) throw malformed(grammar, grammar.words.principal('AWS', raw));
  const document: Record<string, string | readonly string[]> = {};
  for (const [type, value] of entries) {
    const names = stringsOf(value);
    if (!names || names.length === 0) throw malformed(grammar, grammar.words.principal(type, value));
    const wrong = names.find((name) => !isPrincipal(type, name, kind, allowUniqueIds));
    if (wrong !== undefined) throw malformed(grammar, grammar.words.principal(type, wrong));
    document[type] = oneOrMany(
      names.map((name) => (type === 'AWS' && ACCOUNT_ID.test(name) ? `arn:aws:iam::${name}:root` : name)),
    );
  }
  return document;
}

function isPrincipal(type: string, name: string, kind: PolicyKind, allowUniqueIds: boolean): boolean {
  switch (type) {
    case 'AWS':
      return (
        name === '*' ||
        ACCOUNT_ID.test(name) ||
        ACCOUNT_ARN.test(name) ||
        IDENTITY_ARN.test(name) ||
        (allowUniqueIds && UNIQUE_ID.test(name))
      );
    case 'Service':
      return HOST.test(name);
    case 'Federated':
      return kind === 'iam-trust' && (HOST.test(name) || PROVIDER_ARN.test(name));
    case 'CanonicalUser':
      return isS3Kind(kind) && CANONICAL_ID.test(name);
    default:
      return false;
  }
}

/** The principals a document names. */
export function namesOf(document: PrincipalDocument): PrincipalName[] {
  if (document === '*') return [{ type: 'AWS', value: '*' }];
  return Object.entries(document).flatMap(([type, values]) =>
    (typeof values === 'string' ? [values] : values).map((value) => ({
      type: type as PrincipalName['type'],
      value,
    })),
  );
}

/** Says what a statement's principals mean to a caller. */
export type PrincipalMatcher = (principal: Principal, effect: 'Allow' | 'Deny') => Grant;

/** Makes the matcher of a Principal element. */
export function compilePrincipal(document: PrincipalDocument): PrincipalMatcher {
  const names = readNames(document);
  return (principal) => names.grant(principal);
}

/**
 * Makes the matcher of a NotPrincipal element. A caller is also its account and, in a session, its
 * role. A Deny spares only who is listed with all of these; an Allow reaches only who is listed with
 * none of them, so that a list which is short by one entry never opens anything.
 */
export function compileNotPrincipal(document: PrincipalDocument): PrincipalMatcher {
  const names = readNames(document);
  return (principal, effect) => {
    const listed = names.listed(principal);
    const spared = effect === 'Deny' ? listed.every(Boolean) : listed.some(Boolean);
    return spared ? Grant.None : Grant.Limited;
  };
}

interface Names {
  grant(principal: Principal): Grant;
  /** For each identity of the caller whether it is listed. */
  listed(principal: Principal): boolean[];
}

function readNames(document: PrincipalDocument): Names {
  const identities = new Set<string>();
  const accounts = new Set<string>();
  const canonicalIds = new Set<string>();
  const services = new Set<string>();
  const providers = new Set<string>();
  let everyone = false;
  for (const { type, value } of namesOf(document)) {
    if (type === 'Service') services.add(value);
    else if (type === 'Federated') providers.add(value);
    else if (type === 'CanonicalUser') canonicalIds.add(value);
    else if (value === '*') everyone = true;
    else {
      const account = ACCOUNT_ARN.exec(value)?.[1];
      if (account === undefined) identities.add(value);
      else accounts.add(account);
    }
  }
  const account = (principal: Principal): boolean =>
    accounts.has(principal.accountId) ||
    (principal.canonicalId !== undefined && canonicalIds.has(principal.canonicalId));
  const self = (principal: Principal): boolean => identities.has(principal.arn) || identities.has(principal.userId);
  const role = (principal: Principal): boolean =>
    (principal.roleArn !== undefined && identities.has(principal.roleArn)) ||
    (principal.roleId !== undefined && identities.has(principal.roleId));
  const provider = (principal: Principal): boolean =>
    providers.has(principal.arn) || (principal.service !== undefined && providers.has(principal.service));
  const service = (principal: Principal): boolean => principal.service !== undefined && services.has(principal.service);

  return {
    grant(principal) {
      const limited = everyone ? Grant.Limited : Grant.None;
      switch (principal.kind) {
        case 'anonymous':
          return limited;
        case 'service':
          return service(principal) ? Grant.Direct : limited;
        case 'root':
          return account(principal) ? Grant.Direct : limited;
        case 'federated':
          if (self(principal) || provider(principal)) return Grant.Direct;
          break;
        case 'user':
        case 'assumed-role':
          if (self(principal)) return Grant.Direct;
          if (principal.kind === 'assumed-role' && role(principal)) return Grant.Limited;
      }
      if (limited !== Grant.None) return limited;
      return account(principal) ? Grant.Account : Grant.None;
    },
    listed(principal) {
      if (everyone) return [true];
      switch (principal.kind) {
        case 'anonymous':
          return [false];
        case 'service':
          return [service(principal)];
        case 'root':
          return [account(principal)];
        case 'user':
          return [self(principal), account(principal)];
        case 'federated':
          return [self(principal) || provider(principal), account(principal)];
        case 'assumed-role':
          return [self(principal), role(principal), account(principal)];
      }
    },
  };
}
