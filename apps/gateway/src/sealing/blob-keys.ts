import { headerOf, wipeKey, type BlobIdentity, type BlobKey } from '@coffer/sealed-stream';
import { Lru } from '../lru.ts';

/** How long a key is held after it was derived: with the bucket key's five minutes, six after KMS was asked. */
const HOLD_MS = 60_000;
const SWEEP_MS = 15_000;
const MAX_HELD = 4_096;

interface Held {
  readonly key: BlobKey;
  readonly until: number;
}

/**
 * The keys of small bodies that were read lately. Unwrapping the data key and deriving the blob's key from it cost ten
 * times what opening 4 KiB does, and what is read is mostly read again. Whether the reader may is not decided here: the
 * request has been authorized by then. Nothing is held that its bucket's key, which is held too, would not give.
 */
export class BlobKeys {
  private readonly held = new Lru<string, Held>(MAX_HELD);
  private readonly sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();

  /** The key of this very body, when it is held. Its holder may not wipe it. */
  get(identity: BlobIdentity, sealed: Uint8Array): BlobKey | undefined {
    const known = this.held.get(nameOf(identity));
    if (!known || known.until <= Date.now() || !headerOf(sealed).equals(known.key.header)) return undefined;
    return known.key;
  }

  /** Keeps a key that was read from this body; it is not the caller's any more. */
  keep(identity: BlobIdentity, key: BlobKey): void {
    this.held.set(nameOf(identity), { key, until: Date.now() + HOLD_MS });
  }

  close(): void {
    clearInterval(this.sweeper);
    this.held.deleteWhere(({ key }) => {
      wipeKey(key);
      return true;
    });
  }

  /** Let go, not wiped: a request may be opening with it. OpenSSL overwrites it when nothing refers to it any more. */
  private sweep(): void {
    const now = Date.now();
    this.held.deleteWhere(({ until }) => until <= now);
  }
}

/** Everything that the key is bound to; none of these parts can hold the separator. */
function nameOf({ bucketId, key, versionId, blobId }: BlobIdentity): string {
  return `${blobId}\0${versionId}\0${bucketId}\0${key}`;
}
