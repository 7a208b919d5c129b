import { audit, isFault, s3Error, type RequestRecord } from '@coffer/contracts';
import type { BusClient } from '@coffer/bus';
import type { Logger } from '@coffer/service-kit';
import type { GapSpool } from './gap-spool.ts';

const RETRY_MS = [50, 200, 1_000, 5_000];
/** Final values waiting for audit; past this the oldest are dropped, since their drafts are durable already. */
const MAX_WAITING = 20_000;

/** Brings records to audit. A record counts once audit's transaction has committed. */
export class Recorder {
  private waiting = 0;
  private closing = false;

  constructor(
    private readonly bus: BusClient,
    private readonly gaps: GapSpool,
    private readonly log: Logger,
  ) {}

  /** Resolves when the record is on disk. When it cannot be written the request is refused, and counted as a gap. */
  async write(record: RequestRecord): Promise<void> {
    try {
      await this.bus.call(audit.record, record);
    } catch (error) {
      this.gaps.count('audit-unavailable');
      // Told of once, with its reason, where the refusal is rendered.
      const refusal = s3Error('ServiceUnavailable');
      refusal.cause = new Error('a record could not be written', { cause: error });
      throw refusal;
    }
  }

  /** Sends final values of a request whose draft or opening is durable; tries again until audit has them. */
  later(record: RequestRecord): void {
    if (this.waiting >= MAX_WAITING) {
      this.log.warn({ requestId: record.requestId }, 'final values dropped; the draft stays');
      return;
    }
    this.waiting++;
    void this.send(record).finally(() => {
      this.waiting--;
    });
  }

  /** Waits for what is on its way, at most `ms`. */
  async drain(ms: number): Promise<void> {
    this.closing = true;
    const until = performance.now() + ms;
    while (this.waiting > 0 && performance.now() < until) await pause(10);
  }

  private async send(record: RequestRecord): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.bus.call(audit.record, record);
        return;
      } catch (error) {
        if (isFault(error, 'InvalidMessage', 'NotUnderstood', 'NotPermitted')) {
          this.log.error({ err: error, requestId: record.requestId }, 'audit refuses final values; the draft stays');
          this.gaps.count('record-refused');
          return;
        }
        const last = RETRY_MS.length - 1;
        if (this.closing && attempt >= last) return;
        this.log.debug({ error, attempt }, 'audit did not take final values');
        await pause(RETRY_MS[Math.min(attempt, last)] as number);
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
