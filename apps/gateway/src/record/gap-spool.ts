import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { audit } from '@coffer/contracts';
import type { BusClient } from '@coffer/bus';
import type { Logger } from '@coffer/service-kit';

const FLUSH_EVERY_MS = 2_000;

interface Gap {
  gapId: string;
  gateway: string;
  from: number;
  to: number;
  counts: Record<string, number>;
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/**
 * Requests that were refused without a record of their own: counted, written to a small file each interval, and
 * brought to audit as a gap record. A gap is sent again until audit has it; its id makes it count once. A crash loses
 * at most the counts of the interval under way.
 */
export class GapSpool {
  private counts = new Map<string, number>();
  private since = 0;
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly gateway: string,
    private readonly bus: BusClient,
    private readonly log: Logger,
  ) {}

  async start(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    this.timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS).unref();
  }

  count(reason: string): void {
    if (this.counts.size === 0) this.since = Date.now();
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  flush(): Promise<void> {
    this.flushing = this.flushing
      .then(() => this.spool())
      .then(() => this.deliver())
      .catch((error: unknown) => this.log.warn({ error }, 'the count of unrecorded requests stays in the spool'));
    return this.flushing;
  }

  private async spool(): Promise<void> {
    if (this.counts.size === 0) return;
    const gap: Gap = {
      gapId: randomUUID(),
      gateway: this.gateway,
      from: this.since,
      to: Date.now(),
      counts: Object.fromEntries(this.counts),
    };
    const counted = this.counts;
    this.counts = new Map();
    try {
      const path = join(this.folder, `${gap.gapId}.json`);
      const file = await open(`${path}.tmp`, 'w', 0o600);
      try {
        await file.writeFile(JSON.stringify(gap));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.tmp`, path);
    } catch (error) {
      for (const [reason, count] of counted) this.counts.set(reason, (this.counts.get(reason) ?? 0) + count);
      throw error;
    }
  }

  private async deliver(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      if (!name.endsWith('.json')) continue;
      const path = join(this.folder, name);
      // Replicas of a gateway may share the folder: another one has delivered what is not there any more.
      const text = await readFile(path, 'utf8').catch(unlessAbsent);
      if (text === undefined) continue;
      const gap = JSON.parse(text) as Gap;
      await this.bus.call(audit.recordGap, gap);
      await rm(path, { force: true });
    }
  }
}
