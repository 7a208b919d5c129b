import { z } from 'zod';

/** Environment of the key service. Without a root key it starts sealed, so neither of the two is required. */
export const configSchema = z.object({
  /** Postgres in the role of this service. */
  COFFER_DATABASE_URL: z.string().min(1),
  /** Connections to Postgres at most. */
  COFFER_DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(200).default(10),
  /** The root key: 64 hexadecimal digits, or base64 of 32 bytes. */
  COFFER_ROOT_KEY: z.string().min(1).optional(),
  /** A file, readable by its owner alone, that holds the root key. */
  COFFER_ROOT_KEY_FILE: z.string().min(1).optional(),
});
