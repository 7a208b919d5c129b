import { z } from 'zod';

/** Raw bytes; they travel as bytes, never as base64. */
export const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes');
export const stringMap = z.record(z.string(), z.string());
/** Milliseconds since 1970 UTC. */
export const epochMs = z.number().int();

/** Time-ordered, unique, made by the gateway: 26 characters of Crockford base32 (48 bits of time, 80 of chance). */
export const requestId = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);

/** Twelve digits. */
export const accountId = z.string().regex(/^\d{12}$/);

/** Who asks, as identity resolved it. `userId` is AWS's unique id (AIDA…, AROA…:session, or the account id for root). */
export const principal = z.object({
  kind: z.enum(['anonymous', 'root', 'user', 'assumed-role', 'federated', 'service']),
  accountId: z.string(),
  arn: z.string(),
  userId: z.string(),
  /** 64 hex digits that name the account in ACLs, listings and access logs. */
  canonicalId: z.string(),
  userName: z.string().optional(),
  roleArn: z.string().optional(),
  roleId: z.string().optional(),
  service: z.string().optional(),
  tags: stringMap.optional(),
});
export type PrincipalFacts = z.infer<typeof principal>;

/** The request on whose behalf a service acts. */
export const caller = z.object({
  requestId,
  principal,
  accessKeyId: z.string().optional(),
  /** Region the client signed for, or the deployment's default for anonymous requests. */
  region: z.string(),
});
export type Caller = z.infer<typeof caller>;

/** A policy as identity stores it: its text, and a name that a decision's reasons can cite. */
export const policyText = z.object({ id: z.string(), name: z.string(), text: z.string() });
export type PolicyText = z.infer<typeof policyText>;

/** What names and values of tags consist of: letters, digits, white space and `+ - = . _ : / @`, in any script. */
export const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export const tag = z.object({ Key: z.string(), Value: z.string() });
export type Tag = z.infer<typeof tag>;
