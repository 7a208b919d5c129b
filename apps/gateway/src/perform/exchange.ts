import { isFault, s3Error, type Caller, type ChildEntry, type RequestRecord, type Tag } from '@coffer/contracts';
import { contextKeysOf } from '@coffer/iam-policy';
import type { Route } from '@coffer/aws-wire';
import type { Authenticated } from '../authenticate/authenticate.ts';
import { denied, judge, type Need, type Verdict } from '../authorize/authorize.ts';
import { tagValues } from '../authorize/object-tags.ts';
import { decideOnObject } from '../bytes/object-tags.ts';
import type { Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import type { Incoming } from '../listen/incoming.ts';
import type { Operation } from '../operations/operation.ts';
import type { Trail } from '../record/trail.ts';
import type { Bucket } from '../route/contexts.ts';
import { checkExpectedOwner, checkRegion } from '../route/owner.ts';

/** Rounds of fresh configuration after which a bucket that keeps changing is a conflict. */
const MAX_ROUNDS = 8;
const TAG_CONDITION = 's3:existingobjecttag/';

export interface ExchangeParts {
  readonly gateway: Gateway;
  readonly incoming: Incoming;
  readonly route: Route;
  readonly operation: Operation;
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
  /** Read from the body, for some operations after the decision. */
  input: Record<string, unknown> = {};
  /** True when an owner has stored this request's record together with a change. */
  drafted = false;
  private now: Bucket | undefined;
  private as: Authenticated;
  private draftTaken = false;
  /** The configuration under which the object's tags were judged. */
  private tagsJudgedUnder: Bucket | undefined;

  constructor(private readonly parts: ExchangeParts) {
    this.incoming = parts.incoming;
    this.route = parts.route;
    this.now = parts.bucket;
    this.as = parts.authenticated;
  }

  get authenticated(): Authenticated {
    return this.as;
  }

  get caller(): Caller {
    const { auth, who } = this.as;
    return {
      requestId: this.incoming.id,
      principal: who.principal,
      ...(who.accessKeyId === undefined ? {} : { accessKeyId: who.accessKeyId }),
      region: 'scope' in auth ? auth.scope.region : (this.parts.gateway.config.COFFER_REGIONS[0] as string),
    };
  }

  bucket(): Bucket {
    if (!this.now) throw new Error('this operation names no bucket');
    return this.now;
  }

  hasBucket(): boolean {
    return this.now !== undefined;
  }

  /** Takes the decision of the request. What depends on the object's tags is decided when the object is found. */
  async authorize(): Promise<void> {
    const verdict = await this.judge(await this.needs());
    if (!verdict.allowed && this.parts.operation.readsObject && this.readsObjectTags()) return;
    this.parts.trail.decided(verdict);
    if (!verdict.allowed) throw denied(verdict);
  }

  async decideWithTags(tags: readonly Tag[]): Promise<void> {
    const known = tagValues(tags);
    const needs = (await this.needs()).map((need) => ({
      ...need,
      extra: new Map([...(need.extra ?? []), ...(known ?? [])]),
    }));
    const verdict = known
      ? await this.judge(needs)
      : { allowed: false, message: '', reasons: [{ layer: 'resource', effect: 'Deny: tag names equal but for case' }] };
    this.parts.trail.decided(verdict);
    if (!verdict.allowed) throw denied(verdict);
    this.tagsJudgedUnder = this.now;
  }

  async allowedWithoutTags(): Promise<boolean> {
    return (await this.judge(await this.needs())).allowed;
  }

  decided(verdict: Verdict): void {
    this.parts.trail.decided(verdict);
  }

  async deciding<Reply>(
    call: (bucket: Bucket) => Promise<Reply>,
    options: { sealed?: boolean; looks?: boolean } = {},
  ): Promise<Reply> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const bucket = this.bucket();
      if (!options.looks && this.tagsUndecided(bucket)) {
        await decideOnObject(this, this.parts.gateway);
        continue;
      }
      try {
        return await this.calling(() => call(bucket));
      } catch (error) {
        const fresh = await this.fresherThan(bucket, error);
        if (options.sealed && fresh.context.bucketId !== bucket.context.bucketId) throw s3Error('OperationAborted');
        this.moveTo(fresh);
        await this.authorize();
      }
    }
    throw s3Error('OperationAborted');
  }

  async calling<Reply>(call: () => Promise<Reply>): Promise<Reply> {
    await this.stillAllowed();
    const reply = await call();
    this.drafted ||= this.draftTaken;
    return reply;
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

  async judge(needs: readonly Need[]): Promise<Verdict> {
    const first = this.judgeNow(needs);
    if (first.allowed) return first;
    const anew = await this.refreshed(needs);
    return anew ? this.judgeNow(anew) : first;
  }

  draft(facts: Partial<RequestRecord> = {}): RequestRecord {
    this.draftTaken = true;
    return this.parts.trail.record('draft', facts);
  }

  note(child: ChildEntry): void {
    this.parts.trail.child(child);
  }

  /**
   * Rights may have been taken away while the body was on its way: whoever changes something is looked at again, right
   * before the change. Costs nothing while identity has not changed at all.
   */
  private async stillAllowed(): Promise<void> {
    if (!this.parts.operation.mutates || (await this.parts.gateway.principals.unchanged(this.as.who))) return;
    const again = await this.parts.identifyAgain();
    if (again.who === this.as.who) return;
    this.as = again;
    await this.authorize();
  }

  /** The configuration to decide under next, when `error` says that `old` is out of date; else throws it on. */
  private async fresherThan(old: Bucket, error: unknown): Promise<Bucket> {
    const { contexts } = this.parts.gateway;
    if (isFault(error, 'StaleContext')) return await contexts.afterStale(old.context.name, error);
    if (!isFault(error, 'NoSuchBucket')) throw error;
    // The name may belong to another bucket by now.
    contexts.forget(old.context.name);
    const fresh = await contexts.refresh(old.context.name);
    if (fresh.context.bucketId === old.context.bucketId) throw error;
    return fresh;
  }

  private moveTo(bucket: Bucket): void {
    this.now = bucket;
    this.parts.trail.within(bucket.context);
    checkRegion(this.as.auth, bucket.context);
    checkExpectedOwner(this.incoming, 'x-amz-expected-bucket-owner', bucket.context);
  }

  /** A policy of this very configuration asks about tags that have not been judged under it. */
  private tagsUndecided(bucket: Bucket): boolean {
    return this.parts.operation.readsObject === true && this.tagsJudgedUnder !== bucket && this.readsObjectTags();
  }

  private judgeNow(needs: readonly Need[]): Verdict {
    return judge({
      who: this.as.who,
      needs,
      bucket: this.now,
      source: { incoming: this.incoming, auth: this.as.auth, query: this.route.query },
    });
  }

  /** A refusal must rest on configuration no older than the request: the needs to judge again, when something is newer. */
  private async refreshed(needs: readonly Need[]): Promise<readonly Need[] | undefined> {
    const { contexts } = this.parts.gateway;
    const since = this.incoming.started;
    let changed = false;
    if (this.now && this.now.askedAt < since) {
      const fresh = await contexts.notBefore(this.now.context.name, since);
      changed = fresh.policy !== this.now.policy || !sameRevision(fresh, this.now);
      if (changed) this.moveTo(fresh);
      else this.now = fresh;
    }
    const anew: Need[] = [];
    for (const need of needs) {
      const old = need.bucket;
      if (!old || old.askedAt >= since) {
        anew.push(need);
        continue;
      }
      const fresh = await contexts.notBefore(old.context.name, since);
      changed ||= !sameRevision(fresh, old);
      anew.push({ ...need, bucket: fresh });
    }
    return changed ? anew : undefined;
  }

  private async needs(): Promise<readonly Need[]> {
    const { operation, route, gateway } = this.parts;
    const { principal } = this.as.who;
    const { accountId, arn } = principal;
    return operation.needs({ route, incoming: this.incoming, input: this.input, accountId, arn }, gateway);
  }
}

function sameRevision({ context: { revision: a } }: Bucket, { context: { revision: b } }: Bucket): boolean {
  return a.bucketId === b.bucketId && a.bucket === b.bucket && a.account === b.account;
}
