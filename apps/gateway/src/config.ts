import { blobVariables, requireBlobTier } from '@coffer/service-kit';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65535);
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
);
const millis = z.coerce.number().int().min(1);

/** Everything the gateway reads from its environment, parsed once at start. */
export const configSchema = z
  .object({
    COFFER_HOST: z.string().default('127.0.0.1'),
    COFFER_PORT: port.default(9010),
    /** Opened when the certificate and key files are named. */
    COFFER_HTTPS_PORT: port.default(0),
    COFFER_TLS_CERT_FILE: z.string().optional(),
    COFFER_TLS_KEY_FILE: z.string().optional(),
    /** `on`: other gateways of this machine may listen on the same ports; Linux shares the connections among them. */
    COFFER_SHARED_PORTS: z.enum(['on', 'off']).default('off'),
    /** Region names served here; the first is the default. */
    COFFER_REGIONS: list.default(['us-east-1']),
    /** Base names of virtual-host style requests: `bucket.<one of these>`. */
    COFFER_VIRTUAL_HOSTS: list.default(['s3.localhost']),
    /** CIDRs whose `x-forwarded-for` and `x-forwarded-proto` count. None by default. */
    COFFER_TRUSTED_PROXIES: list.default([]),
    /** Requests under way at once; more are answered 503 SlowDown at once. */
    COFFER_MAX_REQUESTS: z.coerce.number().int().min(1).default(512),
    /** A connection on which nothing moves for this long is closed. */
    COFFER_IDLE_TIMEOUT_MS: millis.default(60_000),
    /** Longest time for one request; the collector's grace must be longer. */
    COFFER_REQUEST_TIMEOUT_MS: millis.default(24 * 3_600_000),
    /** Folder for the count of requests that could not be recorded. */
    COFFER_SPOOL_FOLDER: z.string(),
    ...blobVariables,
  })
  .superRefine(requireBlobTier);
export type GatewayConfig = z.infer<typeof configSchema>;
