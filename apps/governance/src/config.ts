import { z } from 'zod';

/** Environment of governance. */
export const configSchema = z.object({
  /** Postgres in the role of this service. */
  COFFER_DATABASE_URL: z.string().min(1),
  /** Connections to Postgres at most. */
  COFFER_DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(200).default(10),
});
