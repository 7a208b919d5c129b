import { isFault, objectStorage, s3Error, type Caller, type ChildEntry, type RequestRecord } from '@coffer/contracts';
import { contextKeysOf } from '@coffer/iam-policy';
import type { Route } from '@coffer/aws-wire';
import type { Authenticated } from '../authenticate/authenticate.ts';
import { denied, judge, type Need, type Verdict } from '../authorize/authorize.ts';
import type { Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import type { Incoming } from '../listen/incoming.ts';
import type { Operation } from '../operations/operation.ts';
import type { Trail } from '../record/trail.ts';
import type { Bucket } from '../route/contexts.ts';

/** Rounds of fresh configuration after which a bucket that keeps changing is a conflict. */
const MAX_ROUNDS = 8;
const TAG_CONDITION = 's3:existingobjecttag/';

export interface ExchangeParts {
  readonly gateway: Gateway;
  readonly incoming: Incoming;
  readonly route: Route;
  readonly operation: Operation;
  readonly input: Record<string, unknown>;
  readonly authenticated: Authenticated;
  /** Resolves the sender again, for requests that took long. */
  readonly identifyAgain: () => Promise<Authenticated>;
  readonly bucket: Bucket | undefined;
  readonly trail: Trail;
}

/** One request between its authentication and its answer: what was decided, and under which configuration. */
export class DecidedExchange implements Exchange {
  readonly incoming: Incoming;
  readonly route: Route;
  readonly input: Record<string, unknown>;
  readonly caller: Caller;
  private now: Bucket | undefined;
  private as: Authenticated;

  constructor(private readonly parts: ExchangeParts) {
    this.incoming = parts.incoming;
    this.route = parts.route;
    this.input = parts.input;
    this.now = parts.bucket;
    this.as = parts.authenticated;
    const { auth, who } = parts.authenticated;
    this.caller = {
      requestId: parts.incoming.id,
      principal: who.principal,
      ...(who.accessKeyId === undefined ? {} : { accessKeyId: who.accessKeyId }),
      region: 'scope' in auth ? auth.scope.region : (parts.gateway.config.COFFER_REGIONS[0] as string),
    };
  }

  get authenticated(): Authenticated {
    return this.as;
  }

  bucket(): Bucket {
    if (!this.now) throw new Error('this operation names no bucket');
    return this.now;
  }

  hasBucket(): boolean {
    return this.now !== undefined;
  }

  /** Takes the decision. A refusal that rests on cached configuration is taken again under the newest. */
  async authorize(): Promise<void> {
    let verdict = await this.judge(this.needs());
    if (!verdict.allowed && this.now && !this.readsObjectTags()) {
      const before = this.now.context.revision;
      const fresh = await this.parts.gateway.contexts.refresh(this.now.context.name);
      this.now = fresh;
      const { revision } = fresh.context;
      if (revision.bucketId !== before.bucketId || revision.bucket !== before.bucket || revision.account !== before.account) {
        verdict = await this.judge(this.needs());
      }
    }
    // What depends on the object's tags is decided when the object is found; until then only its absence is known.
    if (!verdict.allowed && this.readsObjectTags() && this.decidesLate()) return;
    this.parts.trail.decided(verdict);
    if (!verdict.allowed) throw denied(verdict);
  }

  async deciding<Reply>(call: (bucket: Bucket) => Promise<Reply>, options: { sealed?: boolean } = {}): Promise<Reply> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const bucket = this.bucket();
      try {
        return await call(bucket);
      } catch (error) {
        if (isFault(error, 'NoSuchBucket')) this.parts.gateway.contexts.forget(bucket.context.name);
        if (!isFault(error, 'StaleContext')) throw error;
        const fresh = this.parts.gateway.contexts.put(objectStorage.bucketContext.parse(error.data));
        if (options.sealed && fresh.context.bucketId !== bucket.context.bucketId) throw s3Error('OperationAborted');
        this.now = fresh;
        await this.authorize();
      }
    }
    throw s3Error('OperationAborted');
  }

  async stillAllowed(): Promise<void> {
    const again = await this.parts.identifyAgain();
    if (again.who === this.as.who) return;
    this.as = again;
    await this.authorize();
  }

  readsObjectTags(): boolean {
    const { who } = this.as;
    const policies = [...who.identityPolicies, who.boundary, ...(who.sessionPolicies ?? []), this.now?.policy];
    return policies.some((policy) => {
      if (!policy) return false;
      for (const key of contextKeysOf(policy)) if (key.startsWith(TAG_CONDITION)) return true;
      return false;
    });
  }

  judge(needs: readonly Need[]): Promise<Verdict> {
    return Promise.resolve(
      judge({
        who: this.as.who,
        needs,
        bucket: this.now,
        source: { incoming: this.incoming, auth: this.as.auth, query: this.route.query },
      }),
    );
  }

  draft(facts: Partial<RequestRecord> = {}): RequestRecord {
    return this.parts.trail.record('draft', facts);
  }

  note(child: ChildEntry): void {
    this.parts.trail.child(child);
  }

  private needs(): Need[] {
    const { operation, route, incoming, input } = this.parts;
    const { principal } = this.as.who;
    return operation.needs({ route, incoming, input, accountId: principal.accountId, arn: principal.arn });
  }

  /** Reads of one object look at it before they give anything away. */
  private decidesLate(): boolean {
    return this.parts.operation.name === 'GetObject' || this.parts.operation.name === 'HeadObject';
  }
}
