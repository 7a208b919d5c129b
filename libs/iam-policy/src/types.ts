import type { Statement } from './language/statement.ts';

/** Where a policy is attached; it decides its grammar, its limits and the words of its errors. */
export type PolicyKind = 's3-bucket' | 'access-point' | 'iam-identity' | 'iam-trust' | 'session' | 'kms-key' | 'vault';

/** A policy in the form it is stored and shown: Statement is a list, lists of one value are that value. */
export interface PolicyDocument {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: readonly StatementDocument[];
}

/** One value or several. */
export type OneOrMany = string | readonly string[];

/** `"*"`, or principals by type (`AWS`, `Service`, `Federated`, `CanonicalUser`). */
export type PrincipalDocument = '*' | Readonly<Record<string, OneOrMany>>;

/** One statement in normal form. */
export interface StatementDocument {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: PrincipalDocument;
  readonly NotPrincipal?: PrincipalDocument;
  readonly Action?: OneOrMany;
  readonly NotAction?: OneOrMany;
  readonly Resource?: OneOrMany;
  readonly NotResource?: OneOrMany;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMany>>>>;
}

/** A parsed policy, ready to be evaluated any number of times. */
export interface CompiledPolicy {
  /** Name used in reasons: the caller's `id`, else the document's `Id`, else the kind. */
  readonly id: string;
  readonly kind: PolicyKind;
  /** ARN that its resources were checked to lie in, when it was given. */
  readonly bucketArn?: string;
  /** `2008-10-17` when the document names none; variables work in `2012-10-17` only. */
  readonly version: '2008-10-17' | '2012-10-17';
  readonly statements: readonly Statement[];
  readonly document: PolicyDocument;
  /** The document as JSON without white space; parses to the same policy. */
  readonly text: string;
}

/** Who asks. ARNs are those of `sts:GetCallerIdentity`. */
export interface Principal {
  readonly kind: 'anonymous' | 'root' | 'user' | 'assumed-role' | 'federated' | 'service';
  /** Twelve digits; empty for anonymous and services. */
  readonly accountId: string;
  /** Empty for anonymous. For an assumed role: the ARN of the session. */
  readonly arn: string;
  /** `AIDA…` of a user, `AROA…:session` of a role session, the account id of a root user. */
  readonly userId: string;
  /** Canonical id (64 hex digits) of the account. */
  readonly canonicalId?: string;
  readonly userName?: string;
  /** ARN of the role of an assumed role. */
  readonly roleArn?: string;
  /** `AROA…` of the role of an assumed role. */
  readonly roleId?: string;
  /** Name of the calling service, or of the provider of a web identity. */
  readonly service?: string;
  /** Principal and session tags, for `aws:PrincipalTag/key`. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Values of condition keys, by lower-case key: a map, or a function that finds a value when it is needed. */
export type ContextValues =
  | ReadonlyMap<string, string | readonly string[] | undefined>
  | ((key: string) => string | readonly string[] | undefined);

/** One question: may this principal do this to that. */
export interface AccessRequest {
  readonly principal: Principal;
  /** For example `s3:GetObject`. */
  readonly action: string;
  /** ARN of what is acted upon, or `*`. */
  readonly resource: string;
  /** Account that owns the resource. */
  readonly resourceAccountId: string;
  readonly context: ContextValues;
}

/** Every policy that has a say in one request. Absent layers do not limit. */
export interface PolicySet {
  readonly identity: readonly CompiledPolicy[];
  /** One resource policy, or several that count as one (vault access and vault lock policy). */
  readonly resource?: CompiledPolicy | readonly CompiledPolicy[] | undefined;
  readonly boundary?: CompiledPolicy | undefined;
  /** Session policies: their union limits the session. An empty list is no limit. */
  readonly session?: readonly CompiledPolicy[] | undefined;
  /**
   * What the resource side grants beyond its policy, such as an ACL. `true` or `'public'` is a grant
   * to the caller as such (as `Principal: "*"` is); `'account'` is one to the caller's account.
   */
  readonly resourceGrants?: boolean | 'public' | 'account' | undefined;
}

/** What kind of policy spoke. */
export type Layer = 'identity' | 'resource' | 'boundary' | 'session' | 'grant' | 'root';

/** One step of a decision. */
export interface Reason {
  /** `ImplicitDeny`: this layer had to allow and did not. */
  readonly effect: 'Allow' | 'Deny' | 'ImplicitDeny';
  readonly layer: Layer;
  readonly policyId?: string;
  /** Position in the policy, from 0. */
  readonly statementIndex?: number;
  readonly sid?: string;
}

/** The answer, and why. */
export interface Decision {
  readonly allowed: boolean;
  readonly explicitDeny: boolean;
  readonly reasons: readonly Reason[];
  /** Lower-case condition keys the decision looked at. */
  readonly contextKeysRead: readonly string[];
  /** Those of them that had no value. */
  readonly contextKeysAbsent: readonly string[];
  /** AWS's words for the refusal; empty when allowed. */
  readonly message: string;
}
