import { randomBytes, randomUUID } from 'node:crypto';
import { kms, objectStorage, type BucketContext, type BucketKey, type Encryption } from '@coffer/contracts';
import type { BusClient } from '@coffer/bus';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { WrappingKey } from '@coffer/sealed-stream';
import type { Bucket, Contexts } from '../route/contexts.ts';

registerFailpoints('gateway.bucket-key.before-offer');

/** How long a bucket key is held: after this the gateway asks KMS again. */
const HOLD_MS = 5 * 60_000;
const MAX_HELD = 10_000;

interface Held {
  readonly key: WrappingKey;
  readonly until: number;
}

/** What a blob's data key is bound to besides the key that wraps it. */
export interface DataKeyBinding {
  readonly bucketId: string;
  readonly key: string;
  readonly internalVersionId: string;
}

/** SSE-S3 bucket keys, for at most five minutes, and the data keys under them. */
export class BucketKeys {
  private readonly held = new Map<string, Held>();
  private readonly opening = new Map<string, Promise<WrappingKey>>();
  private readonly sweeper = setInterval(() => this.sweep(), 30_000).unref();

  constructor(
    private readonly bus: BusClient,
    private readonly contexts: Contexts,
  ) {}

  /** A fresh data key for a new version, and the form in which it is kept. The caller overwrites `dataKey`. */
  async newDataKey(
    bucket: Bucket,
    binding: Omit<DataKeyBinding, 'bucketId'>,
  ): Promise<{ dataKey: Buffer; encryption: Encryption }> {
    const key = bucket.context.bucketKey ?? (await this.firstKey(bucket.context));
    const wrapping = await this.opened(bucket.context.bucketId, key);
    const dataKey = randomBytes(32);
    const bound = bindingContext({ bucketId: bucket.context.bucketId, ...binding });
    return {
      dataKey,
      encryption: {
        format: 1,
        mode: 'AES256',
        bucketKeyId: key.id,
        wrappedDataKey: wrapping.wrap(dataKey, bound),
      },
    };
  }

  /** The data key of a stored version. The caller overwrites it after use. */
  async dataKey(context: BucketContext, encryption: Encryption, binding: DataKeyBinding): Promise<Buffer> {
    const wrapping = await this.byId(context, encryption.bucketKeyId);
    return wrapping.unwrap(encryption.wrappedDataKey, bindingContext(binding));
  }

  close(): void {
    clearInterval(this.sweeper);
    this.held.clear();
  }

  private async byId(context: BucketContext, keyId: string): Promise<WrappingKey> {
    const current = context.bucketKey;
    const warm = this.warm(`${context.bucketId}/${keyId}`);
    if (warm) return warm;
    if (current?.id === keyId) return this.opened(context.bucketId, current);
    const { key } = await this.bus.call(objectStorage.findBucketKey, { bucketId: context.bucketId, keyId });
    return this.opened(context.bucketId, key);
  }

  private async firstKey(context: BucketContext): Promise<BucketKey> {
    const id = randomUUID();
    const made = await this.bus.call(kms.generateDataKey, {
      accountId: context.ownerAccountId,
      purpose: 's3',
      context: kmsContext(context.bucketId, id),
    });
    made.plaintext.fill(0);
    failpoint('gateway.bucket-key.before-offer');
    const offered = { id, wrapped: made.wrapped, createdAt: Date.now() };
    const { key } = await this.bus.call(objectStorage.offerBucketKey, { bucketId: context.bucketId, key: offered });
    const cached = this.contexts.cached(context.name);
    if (cached?.context.bucketId === context.bucketId && !cached.context.bucketKey) {
      this.contexts.put({ ...cached.context, bucketKey: key });
    }
    return key;
  }

  private opened(bucketId: string, key: BucketKey): Promise<WrappingKey> {
    const name = `${bucketId}/${key.id}`;
    const warm = this.warm(name);
    if (warm) return Promise.resolve(warm);
    const under = this.opening.get(name);
    if (under) return under;
    const opening = this.unwrap(name, bucketId, key).finally(() => this.opening.delete(name));
    this.opening.set(name, opening);
    return opening;
  }

  private async unwrap(name: string, bucketId: string, key: BucketKey): Promise<WrappingKey> {
    const reply = await this.bus.call(kms.unwrapDataKey, {
      wrapped: key.wrapped,
      context: kmsContext(bucketId, key.id),
    });
    const opened = new WrappingKey(reply.plaintext, key.id);
    reply.plaintext.fill(0);
    if (this.held.size >= MAX_HELD) this.drop(this.held.keys().next().value);
    this.held.set(name, { key: opened, until: Date.now() + HOLD_MS });
    return opened;
  }

  private warm(name: string): WrappingKey | undefined {
    const held = this.held.get(name);
    return held && held.until > Date.now() ? held.key : undefined;
  }

  private sweep(): void {
    const now = Date.now();
    for (const [name, held] of this.held) if (held.until <= now) this.drop(name);
  }

  private drop(name: string | undefined): void {
    if (name === undefined) return;
    // A request may be wrapping with it at this moment. OpenSSL overwrites it when nothing refers to it any more.
    this.held.delete(name);
  }
}

function kmsContext(bucketId: string, keyId: string): Record<string, string> {
  return { 'coffer:bucket-id': bucketId, 'coffer:bucket-key-id': keyId };
}

function bindingContext(binding: DataKeyBinding): Record<string, string> {
  return {
    'coffer:bucket-id': binding.bucketId,
    'coffer:key': binding.key,
    'coffer:version': binding.internalVersionId,
  };
}
