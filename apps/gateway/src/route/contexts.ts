import { isFault, objectStorage, type BucketContext, type Fault } from '@coffer/contracts';
import type { BusClient } from '@coffer/bus';
import { parsePolicy, type CompiledPolicy } from '@coffer/iam-policy';
import { Coalesced } from '../coalesce.ts';
import { Lru } from '../lru.ts';

/** A bucket's configuration with what was compiled from it. */
export interface Bucket {
  readonly context: BucketContext;
  readonly policy: CompiledPolicy | undefined;
  /** `performance.now()` at which its owner was asked. */
  readonly askedAt: number;
}

const MAX_BUCKETS = 20_000;

/**
 * Bucket configuration by name. It may be old: every call to object-storage names its revision, and `StaleContext`
 * brings the new one. So an old context costs one more round, and never decides anything.
 */
export class Contexts {
  private readonly byName = new Lru<string, Bucket>(MAX_BUCKETS);
  private readonly asking = new Map<string, Coalesced<Bucket>>();

  constructor(private readonly bus: BusClient) {}

  /** Throws NoSuchBucket, which is never cached: the next request asks again. */
  async get(name: string): Promise<Bucket> {
    return this.byName.get(name) ?? this.refresh(name);
  }

  cached(name: string): Bucket | undefined {
    return this.byName.get(name);
  }

  /** Configuration as it was at `since` (`performance.now()`) or later, for whoever is about to refuse. */
  async notBefore(name: string, since: number): Promise<Bucket> {
    const known = this.byName.get(name);
    return known && known.askedAt >= since ? known : this.refresh(name);
  }

  /** Asks the owner. Requests that come meanwhile for the same bucket share one further question. */
  async refresh(name: string): Promise<Bucket> {
    const asking = this.asking.get(name) ?? new Coalesced(() => this.ask(name));
    this.asking.set(name, asking);
    try {
      return await asking.ask();
    } finally {
      if (asking.idle && this.asking.get(name) === asking) this.asking.delete(name);
    }
  }

  private async ask(name: string): Promise<Bucket> {
    const askedAt = performance.now();
    try {
      return this.put(await this.bus.call(objectStorage.context, { bucket: name }), askedAt);
    } catch (error) {
      if (isFault(error, 'NoSuchBucket')) this.byName.delete(name);
      throw error;
    }
  }

  /**
   * What to decide under next, when the owner said `StaleContext`. In a batch only the first fault about a bucket brings
   * the new configuration; the others share one question.
   */
  async afterStale(name: string, fault: Fault): Promise<Bucket> {
    if (fault.data === undefined) return await this.refresh(name);
    return this.put(objectStorage.bucketContext.parse(fault.data));
  }

  put(context: BucketContext, askedAt = 0): Bucket {
    const known = this.byName.get(context.name);
    const policy =
      context.policy === undefined
        ? undefined
        : known?.context.policy === context.policy
          ? known.policy
          : parsePolicy(context.policy, 's3-bucket', {
              id: `bucket policy of ${context.name}`,
              bucketArn: `arn:aws:s3:::${context.name}`,
              // Users and roles are stored by their unique ids, so that a namesake made later gains nothing.
              allowUniqueIds: true,
            });
    const bucket = { context, policy, askedAt };
    this.byName.set(context.name, bucket);
    return bucket;
  }

  forget(name: string): void {
    this.byName.delete(name);
  }
}
