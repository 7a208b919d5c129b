import { z } from 'zod';

/** Environment of the identity service. The root names matter only until the first account exists. */
export const configSchema = z
  .object({
    /** Postgres in the role of this service. */
    COFFER_DATABASE_URL: z.string().min(1),
    /** Connections to Postgres at most. */
    COFFER_DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(200).default(10),
    /** Name of the first account. */
    COFFER_ROOT_ACCOUNT_NAME: z
      .string()
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9._ -]{0,62}$/, 'must be 1 to 63 letters, digits, dots, spaces, - or _')
      .default('main'),
    /** Access key of the first account's root user; made at random when neither of the two is given. */
    COFFER_ROOT_ACCESS_KEY_ID: z
      .string()
      .regex(/^\w{16,128}$/, 'must be 16 to 128 letters, digits or _')
      .optional(),
    COFFER_ROOT_SECRET_ACCESS_KEY: z
      .string()
      .regex(/^[\x21-\x7e]{16,128}$/, 'must be 16 to 128 printable ASCII characters without spaces')
      .optional(),
  })
  .superRefine((config, context) => {
    const hasId = config.COFFER_ROOT_ACCESS_KEY_ID !== undefined;
    const hasSecret = config.COFFER_ROOT_SECRET_ACCESS_KEY !== undefined;
    if (hasId === hasSecret) return;
    const missing = hasId ? 'COFFER_ROOT_SECRET_ACCESS_KEY' : 'COFFER_ROOT_ACCESS_KEY_ID';
    context.addIssue({ code: 'custom', path: [missing], message: 'must be given too, or neither of the two' });
  });
export type Config = z.infer<typeof configSchema>;
