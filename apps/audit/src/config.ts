import { z } from 'zod';

const DAY_MS = 86_400_000;

const milliseconds = (smallest: number, preset: number) =>
  z.coerce
    .number()
    .int()
    .min(smallest)
    .max(365 * DAY_MS)
    .default(preset);

/** Environment of audit. */
export const configSchema = z.object({
  /** Postgres in the role of this service. */
  COFFER_DATABASE_URL: z.string().min(1),
  /** Connections to Postgres at most. */
  COFFER_DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(200).default(10),
  /** How often the outboxes are asked for drafts that were left behind, in milliseconds. */
  COFFER_AUDIT_DRAIN_INTERVAL_MS: milliseconds(10, 5_000),
  /** How long a draft waits for the gateway's own record before audit takes it over, in milliseconds. */
  COFFER_AUDIT_DRAIN_MIN_AGE_MS: milliseconds(0, 5_000),
  /** How often audit looks for reads whose end was never recorded, in milliseconds. */
  COFFER_AUDIT_CLOSE_INTERVAL_MS: milliseconds(10, 60_000),
  /** The longest that a request may take: an open record older than this is closed as interrupted; milliseconds. */
  COFFER_LONGEST_REQUEST_MS: milliseconds(100, DAY_MS),
});
export type Config = z.infer<typeof configSchema>;
