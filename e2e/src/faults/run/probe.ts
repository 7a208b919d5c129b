import { setTimeout as pause } from 'node:timers/promises';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { IAMClient, ListUsersCommand } from '@aws-sdk/client-iam';
import type { Target } from '../client.ts';
import { body } from '../contents.ts';
import type { Shared } from './caller.ts';
import { Caller, CALL_WITHIN_MS } from './caller.ts';
import { now } from './history.ts';
import type { StackStatus } from './stack-status.ts';

export const PROBED = 'faults-probed';
const EVERY_MS = 100;
/** Without a failure for this long, what was disturbed counts as well again. */
const CALM_MS = 1_500;
const GIVE_UP_MS = 60_000;

export interface Recovery {
  /** Moment of `now` from which on everything answered. */
  readonly at: number;
  /** From the fault's end, in milliseconds. */
  readonly tookMs: number;
  readonly recovered: boolean;
  readonly lastFailure: string | undefined;
}

/** Asks everything of every gateway: small and large bodies, a listing, identity; and each service by itself. */
export class Probe {
  readonly #callers: Caller[];
  readonly #iam: IAMClient[];

  constructor(
    private readonly status: StackStatus,
    private readonly shared: Shared,
    seed: Caller['random'],
    targets: readonly Target[],
  ) {
    this.#callers = targets.map((target, n) => new Caller(-1 - n, seed.fork(n), shared, target, `gateway ${n + 1}`));
    this.#iam = targets.map(({ endpoint, region, keys }) => {
      const requestHandler = { requestTimeout: CALL_WITHIN_MS, throwOnRequestTimeout: true };
      return new IAMClient({ endpoint, region, credentials: { ...keys }, maxAttempts: 1, requestHandler });
    });
  }

  close(): void {
    for (const caller of this.#callers) caller.close();
    for (const client of this.#iam) client.destroy();
  }

  /** Whether all that was asked through one gateway was answered. */
  async #gateway(n: number): Promise<boolean> {
    const caller = this.#callers[n]!;
    const answered = async (what: string, call: () => Promise<unknown>): Promise<boolean> =>
      (await caller.call(`PROBE ${what}`, [], call)).kind === 'done';
    const at = (size: number) => ({ Bucket: PROBED, Key: `${n}-${size}`, Body: body(size) });
    for (const size of [500, 40_000]) {
      const { Body, ...where } = at(size);
      if (!(await answered('PUT', () => caller.s3.send(new PutObjectCommand({ ...where, Body }))))) return false;
      const read = async (): Promise<void> => {
        const answer = await caller.s3.send(new GetObjectCommand(where));
        const bytes = Buffer.from(await answer.Body!.transformToByteArray());
        if (!bytes.equals(Body)) this.shared.history.problems.push(`PROBE GET ${where.Key}: other bytes than were put`);
      };
      if (!(await answered('GET', read))) return false;
    }
    if (!(await answered('LIST', () => caller.s3.send(new ListObjectsV2Command({ Bucket: PROBED }))))) return false;
    return await answered('ListUsers', () => this.#iam[n]!.send(new ListUsersCommand({})));
  }

  /** Waits until everything has answered for a while: these probes and what the load began since the fault's end. */
  async recovery(end: number): Promise<Recovery> {
    const { failures } = this.shared.history;
    let well = 0;
    let missing: string | undefined;
    for (;;) {
      const started = now();
      const [wrong, ...answers] = await Promise.all([
        this.status.wrong(),
        ...this.#callers.map((_, n) => this.#gateway(n)),
      ]);
      missing = wrong ?? missing;
      const good = wrong === undefined && answers.every(Boolean);
      if (good) well ||= now();
      const bad = failures.filter(({ start }) => start >= end);
      const last = bad.at(-1);
      const lastBad = last?.end ?? 0;
      // A probe of everything that succeeded has to come after whatever failed last.
      if (!good || lastBad > well) well = 0;
      const recovered = well > 0 && now() - Math.max(well, lastBad) >= CALM_MS * 1000;
      if (recovered || now() - end > GIVE_UP_MS * 1000) {
        const at = recovered ? well : now();
        const lastFailure = last ? `${last.what}: ${last.reason}` : missing;
        return { at, tookMs: Math.round((at - end) / 1000), recovered, lastFailure };
      }
      await pause(Math.max(0, EVERY_MS - (now() - started) / 1000));
    }
  }
}
