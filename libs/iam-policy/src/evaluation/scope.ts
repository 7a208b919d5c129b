import type { ConditionScope } from '../conditions/condition.ts';
import type { AccessRequest, ContextValues, Principal } from '../types.ts';

const PRINCIPAL_TYPES: Readonly<Record<Principal['kind'], string | undefined>> = {
  anonymous: 'Anonymous',
  root: 'Account',
  user: 'User',
  'assumed-role': 'AssumedRole',
  federated: 'FederatedUser',
  service: undefined,
};

/** `aws:PrincipalTag/`, in lower case. */
const TAG_PREFIX = 'aws:principaltag/';

/** The condition keys of one request, each looked up at most once, with a note of what was read. */
export class RequestScope implements ConditionScope {
  unresolved = false;
  private readonly principal: Principal;
  private readonly context: ContextValues;
  private readonly resourceAccountId: string;
  private readonly known = new Map<string, readonly string[] | undefined>();

  constructor(request: AccessRequest) {
    this.principal = request.principal;
    this.context = request.context;
    this.resourceAccountId = request.resourceAccountId;
  }

  values(key: string): readonly string[] | undefined {
    const known = this.known.get(key);
    if (known !== undefined || this.known.has(key)) return known;
    const value = this.find(key);
    const values = typeof value === 'string' ? [value] : value?.length === 0 ? undefined : value;
    this.known.set(key, values);
    return values;
  }

  variable(key: string): string | undefined {
    const values = this.values(key);
    return values?.length === 1 ? values[0] : undefined;
  }

  clearUnresolved(): void {
    this.unresolved = false;
  }

  unresolvedVariable(): void {
    this.unresolved = true;
  }

  /** Lower-case keys read so far. */
  get keysRead(): string[] {
    return [...this.known.keys()];
  }

  /** Those of them without value. */
  get keysAbsent(): string[] {
    return this.keysRead.filter((key) => this.known.get(key) === undefined);
  }

  /** What follows from the principal is never taken from the context, which a request may influence. */
  private find(key: string): string | readonly string[] | undefined {
    const { principal } = this;
    if (key.startsWith(TAG_PREFIX)) return this.tag(key.slice(TAG_PREFIX.length));
    switch (key) {
      case 'aws:principalarn':
        if (principal.kind === 'anonymous' || principal.kind === 'service') return undefined;
        return principal.kind === 'assumed-role' ? principal.roleArn : principal.arn;
      case 'aws:principalaccount':
        return principal.accountId === '' ? undefined : principal.accountId;
      case 'aws:principaltype':
        return PRINCIPAL_TYPES[principal.kind];
      case 'aws:principalisawsservice':
        return String(principal.kind === 'service');
      case 'aws:principalservicename':
        return principal.kind === 'service' ? principal.service : undefined;
      case 'aws:userid':
        if (principal.kind === 'anonymous') return 'anonymous';
        return principal.userId === '' ? undefined : principal.userId;
      case 'aws:username':
        return principal.kind === 'user' ? principal.userName : undefined;
      case 'aws:resourceaccount':
      case 's3:resourceaccount':
        return this.resourceAccountId;
      default:
        return typeof this.context === 'function' ? this.context(key) : this.context.get(key);
    }
  }

  private tag(lowerKey: string): string | undefined {
    for (const [key, value] of Object.entries(this.principal.tags ?? {})) {
      if (key.toLowerCase() === lowerKey) return value;
    }
    return undefined;
  }
}
