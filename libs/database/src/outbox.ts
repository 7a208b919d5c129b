import type { Database } from './database.ts';
import { DuplicateRequestError, violatedConstraint } from './errors.ts';
import type { Sql } from './sql.ts';
import { sql } from './sql.ts';

/**
 * The outbox of a service: one row for each mutation, written in the mutation's own transaction. It holds the draft of
 * the request's record, until audit has it, and the reply, for a caller that lost it.
 * `json`, not `jsonb`: documents are kept as they were written, and may hold `\u0000`, which jsonb refuses.
 */
export const outboxMigrationSql = `
CREATE TABLE outbox (
  request_id text PRIMARY KEY,
  draft      json NOT NULL,
  reply      json,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  keep_until timestamptz NOT NULL,
  settled    boolean NOT NULL DEFAULT false
);
CREATE INDEX outbox_pending ON outbox (at, request_id) WHERE NOT settled;
CREATE INDEX outbox_kept ON outbox (keep_until) WHERE settled;
`;

export interface OutboxEntry {
  requestId: string;
  /** The draft of the request's record. */
  draft: object;
  /** What a repeated call is answered with. */
  reply?: unknown;
  /** Milliseconds for which the reply is kept after the mutation. Default 15 minutes. */
  keepReplyMs?: number;
}

export interface PendingDraft {
  requestId: string;
  draft: object;
  /** When the mutation was made, epoch milliseconds. */
  at: number;
}

const DEFAULT_KEEP_MS = 15 * 60_000;
const PRUNED_AT_ONCE = 1_000;

const putAll = sql(
  'outbox.put',
  `INSERT INTO outbox (request_id, draft, reply, keep_until)
   SELECT e.request_id, e.draft::json, e.reply::json, clock_timestamp() + e.keep_ms * interval '1 millisecond'
     FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[]) AS e (request_id, draft, reply, keep_ms)`,
);
const putIfAbsent = sql(
  'outbox.putIfAbsent',
  `INSERT INTO outbox (request_id, draft, reply, keep_until)
   VALUES ($1, $2::json, $3::json, clock_timestamp() + $4::float8 * interval '1 millisecond')
   ON CONFLICT (request_id) DO NOTHING`,
);
const replies = sql('outbox.replies', 'SELECT request_id, reply FROM outbox WHERE request_id = ANY ($1::text[])');
const pending = sql(
  'outbox.pending',
  `SELECT request_id, draft, at FROM outbox
    WHERE NOT settled AND at <= statement_timestamp() - $1::float8 * interval '1 millisecond'
    ORDER BY at, request_id LIMIT $2`,
);
const pendingAfter = sql(
  'outbox.pendingAfter',
  `SELECT request_id, draft, at FROM outbox
    WHERE NOT settled AND at <= statement_timestamp() - $1::float8 * interval '1 millisecond'
      AND (at, request_id) > ((SELECT o.at FROM outbox o WHERE o.request_id = $3 AND NOT o.settled), $3)
    ORDER BY at, request_id LIMIT $2`,
);
const settle = sql(
  'outbox.settle',
  `WITH over AS (
     DELETE FROM outbox WHERE request_id = ANY ($1::text[]) AND (reply IS NULL OR keep_until <= statement_timestamp())
   )
   UPDATE outbox SET settled = true
    WHERE request_id = ANY ($1::text[]) AND reply IS NOT NULL AND keep_until > statement_timestamp() AND NOT settled`,
);
const prune = sql(
  'outbox.prune',
  `DELETE FROM outbox WHERE request_id IN (
     SELECT request_id FROM outbox WHERE settled AND keep_until <= statement_timestamp()
      LIMIT ${PRUNED_AT_ONCE} FOR UPDATE SKIP LOCKED)`,
);

export class Outbox {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Writes one entry in the mutation's transaction.
   * @throws DuplicateRequestError when the request id is there already; let it roll the transaction back
   */
  put(tx: Sql, entry: OutboxEntry): Promise<void> {
    return this.putAll(tx, [entry]);
  }

  /** Writes the entries of a batch with one statement. @throws DuplicateRequestError when one of them is there already */
  async putAll(tx: Sql, entries: readonly OutboxEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const ids: string[] = [];
    const drafts: string[] = [];
    const answers: (string | null)[] = [];
    const keeps: number[] = [];
    for (const entry of entries) {
      ids.push(entry.requestId);
      drafts.push(JSON.stringify(entry.draft));
      answers.push(entry.reply === undefined ? null : JSON.stringify(entry.reply));
      keeps.push(entry.keepReplyMs ?? DEFAULT_KEEP_MS);
    }
    try {
      await tx.execute(putAll, [ids, drafts, answers, keeps]);
    } catch (error) {
      if (violatedConstraint(error) === 'outbox_pkey') throw new DuplicateRequestError(error);
      throw error;
    }
  }

  /**
   * Writes an entry unless its request has one, which stays as it is: for a change that is carried out late (without a
   * reply), and for what nothing was changed for.
   */
  async putIfAbsent(entry: OutboxEntry, runner: Sql = this.#db): Promise<void> {
    const { requestId, draft, reply, keepReplyMs = DEFAULT_KEEP_MS } = entry;
    const answer = reply === undefined ? null : JSON.stringify(reply);
    await runner.execute(putIfAbsent, [requestId, JSON.stringify(draft), answer, answer === null ? 0 : keepReplyMs]);
  }

  /** The reply of a request that was carried out before; undefined when it was not (or is not remembered any more). */
  async reply(requestId: string): Promise<{ reply: unknown } | undefined> {
    return (await this.replies([requestId])).get(requestId);
  }

  /** The replies of those among the requests that were carried out before. */
  async replies(requestIds: readonly string[], sqlRunner: Sql = this.#db): Promise<Map<string, { reply: unknown }>> {
    const rows = await sqlRunner.query<{ request_id: string; reply: unknown }>(replies, [requestIds]);
    return new Map(rows.map((row) => [row.request_id, { reply: row.reply ?? undefined }]));
  }

  /**
   * Drafts that nobody settled for `minAgeMs`, oldest first: what a crash left behind. With `after`, the request id of one
   * of them, those behind it; none when that one was settled meanwhile.
   */
  async pending(options: { minAgeMs: number; limit: number; after?: string | undefined }): Promise<PendingDraft[]> {
    const { minAgeMs, limit, after } = options;
    const rows = await this.#db.query<{ request_id: string; draft: object; at: Date }>(
      after === undefined ? pending : pendingAfter,
      after === undefined ? [minAgeMs, limit] : [minAgeMs, limit, after],
    );
    return rows.map((row) => ({ requestId: row.request_id, draft: row.draft, at: row.at.getTime() }));
  }

  /** The records of these requests are durable in audit: their drafts are not needed any more, their replies may be. */
  async settle(requestIds: readonly string[]): Promise<void> {
    if (requestIds.length > 0) await this.#db.execute(settle, [requestIds]);
  }

  /** Removes settled entries whose reply need not be kept any longer. Never touches an unsettled one. */
  async prune(): Promise<void> {
    while ((await this.#db.execute(prune)) === PRUNED_AT_ONCE);
  }
}
