import { objectStorage, type UploadFacts } from '@coffer/contracts';
import type { BusClient } from '@coffer/bus';
import type { Exchange } from '../exchange.ts';
import { Lru } from '../lru.ts';

const MAX_UPLOADS = 5_000;

/** Facts of multipart uploads, which never change while an upload lives; that it still lives, its owner checks. */
export class Uploads {
  private readonly byId = new Lru<string, UploadFacts>(MAX_UPLOADS);

  constructor(private readonly bus: BusClient) {}

  /** Throws NoSuchUpload, also for an upload of another key or bucket. */
  async find(exchange: Exchange, key: string, uploadId: string): Promise<UploadFacts> {
    const { bucketId } = exchange.bucket().context;
    const known = this.byId.get(uploadId);
    if (known && known.key === key && known.bucketId === bucketId) return known;
    const facts = await exchange.deciding((bucket) =>
      this.bus.call(objectStorage.findUpload, { revision: bucket.context.revision, key, uploadId }),
    );
    this.byId.set(uploadId, facts);
    return facts;
  }

  forget(uploadId: string): void {
    this.byId.delete(uploadId);
  }
}
