import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { identity, type PolicyText, type ResolvedPrincipal } from '@coffer/contracts';
import type { BusClient } from '@coffer/bus';
import { parsePolicy, type CompiledPolicy, type PolicyKind } from '@coffer/iam-policy';
import { Lru } from '../lru.ts';
import type { IdentityLease, LeaseListener } from './lease.ts';

/** Who signed the request, with compiled policies. */
export interface Identified {
  readonly principal: ResolvedPrincipal['principal'];
  readonly identityPolicies: readonly CompiledPolicy[];
  readonly boundary?: CompiledPolicy | undefined;
  readonly sessionPolicies?: readonly CompiledPolicy[] | undefined;
  readonly accessKeyId?: string | undefined;
  readonly epoch: number;
  readonly expires?: number | undefined;
}

interface Cached extends Identified {
  readonly signingKey: KeyObject;
}

export interface KeyScope {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly sessionToken?: string | undefined;
}

const MAX_CACHED = 10_000;
const MAX_POLICIES = 5_000;
/** A change of the principal between asking and caching makes the gateway ask again; this bounds how often. */
const MAX_ASKS = 5;

const anonymousPrincipal = { kind: 'anonymous', accountId: '', arn: '', userId: '', canonicalId: '' } as const;

/** Principals by access key, trusted only while the lease of identity holds. */
export class Principals implements LeaseListener {
  private readonly byKey = new Lru<string, Cached>(MAX_CACHED);
  private readonly compiled = new Lru<string, CompiledPolicy>(MAX_POLICIES);
  private readonly asking = new Map<string, Promise<Cached>>();
  private lease!: IdentityLease;

  constructor(private readonly bus: BusClient) {}

  use(lease: IdentityLease): void {
    this.lease = lease;
  }

  forget(accounts: readonly string[] | undefined): void {
    if (!accounts) {
      this.byKey.clear();
      return;
    }
    const changed = new Set(accounts);
    this.byKey.deleteWhere((entry) => changed.has(entry.principal.accountId));
  }

  /** Nobody in particular; needs no lease, since nothing of identity is trusted. */
  anonymous(): Identified {
    return { principal: anonymousPrincipal, identityPolicies: [], epoch: this.lease.epoch };
  }

  async byAccessKey(scope: KeyScope): Promise<Cached> {
    await this.lease.hold();
    const token = scope.sessionToken ? createHash('sha256').update(scope.sessionToken).digest('base64') : '';
    const name = `${scope.accessKeyId}/${scope.date}/${scope.region}/${scope.service}/${token}`;
    const known = this.byKey.get(name);
    if (known && (known.expires === undefined || known.expires > Date.now())) return known;
    // Joining is safe: an answer older than what the lease knows by then is asked for again.
    const under = this.asking.get(name);
    if (under) return under;
    const asking = this.resolve(name, scope).finally(() => this.asking.delete(name));
    this.asking.set(name, asking);
    return asking;
  }

  private async resolve(name: string, scope: KeyScope): Promise<Cached> {
    for (let ask = 0; ask < MAX_ASKS; ask++) {
      const reply = await this.bus.call(identity.resolveKey, {
        accessKeyId: scope.accessKeyId,
        date: scope.date,
        region: scope.region,
        service: scope.service,
        ...(scope.sessionToken ? { sessionToken: scope.sessionToken } : {}),
      });
      const entry = { ...this.identified(reply, scope.accessKeyId), signingKey: createSecretKey(reply.signingKey) };
      // Read before the epoch that the lease vouches for: the change in between may have been this very principal.
      if (reply.epoch < this.lease.epoch) continue;
      this.byKey.set(name, entry);
      return entry;
    }
    throw new Error('identity changed too often to decide');
  }

  /** SigV2 needs the secret, so identity verifies it every time. */
  async bySigV2(request: {
    accessKeyId: string;
    stringToSign: string;
    signature: string;
    sessionToken?: string | undefined;
  }): Promise<Identified> {
    await this.lease.hold();
    const reply = await this.bus.call(identity.verifySigV2, {
      accessKeyId: request.accessKeyId,
      stringToSign: request.stringToSign,
      signature: request.signature,
      ...(request.sessionToken ? { sessionToken: request.sessionToken } : {}),
    });
    return this.identified(reply, request.accessKeyId);
  }

  /** False when something that identity said since `who` was resolved may be about them. */
  async unchanged(who: Identified): Promise<boolean> {
    if (who.principal.kind === 'anonymous') return true;
    await this.lease.hold();
    return who.epoch >= this.lease.epoch && (who.expires === undefined || who.expires > Date.now());
  }

  private identified(reply: ResolvedPrincipal, accessKeyId: string): Identified {
    return {
      principal: reply.principal,
      identityPolicies: reply.policies.map((policy) => this.compile(policy, 'iam-identity')),
      boundary: reply.boundary && this.compile(reply.boundary, 'iam-identity'),
      sessionPolicies: reply.sessionPolicies?.map((policy) => this.compile(policy, 'session')),
      accessKeyId,
      epoch: reply.epoch,
      expires: reply.expires,
    };
  }

  private compile(policy: PolicyText, kind: PolicyKind): CompiledPolicy {
    const name = `${kind}\n${policy.id}\n${policy.text}`;
    const known = this.compiled.get(name);
    if (known) return known;
    const compiled = parsePolicy(policy.text, kind, { id: policy.name });
    this.compiled.set(name, compiled);
    return compiled;
  }
}
