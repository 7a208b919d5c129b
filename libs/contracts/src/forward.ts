import { z } from 'zod';
import { caller, epochMs } from './common.ts';
import { contract, type Contract, type ServiceName } from './contract.ts';
import { requestRecord } from './record.ts';

/**
 * The state of a bucket's configuration under which the gateway decided. The owner compares it under a lock and
 * answers `StaleContext` when anything moved (data: the fresh `BucketContext`, left out where another reply of the batch
 * has it).
 */
export const revision = z.object({
  bucketId: z.string(),
  bucket: z.number().int(),
  account: z.number().int(),
});
export type Revision = z.infer<typeof revision>;

/** An AWS operation that the gateway authorised and passes on as it is: members named as in AWS's own schema. */
export const forwarded = z.object({
  caller,
  input: z.record(z.string(), z.unknown()),
  revision: revision.optional(),
  /**
   * For operations on an IAM user: its ARN as the gateway judged it. Identity refuses (`ConcurrentModification`, 409) when
   * the user has another one by now, since its path may bring another decision.
   */
  userArn: z.string().optional(),
  /** When the request came in, so that every service writes the same time. */
  time: epochMs,
  /** For mutations: the record that commits together with the change. */
  draft: requestRecord.optional(),
});
export type Forwarded = z.infer<typeof forwarded>;

export const forwardedReply = z.object({ output: z.record(z.string(), z.unknown()) });
export type ForwardedReply = z.infer<typeof forwardedReply>;

/** One contract for each operation of a service that has no bytes to move. */
export function forwardedOperations<const Names extends readonly string[]>(
  service: ServiceName,
  names: Names,
  options: { readOnly?: boolean; timeoutMs?: number } = {},
): Record<Names[number], Contract<Forwarded, ForwardedReply>> {
  const entries = names.map((name) => [
    name,
    contract(service, name, {
      request: forwarded,
      reply: forwardedReply,
      callers: ['gateway'],
      faults: ['StaleContext'],
      mustUnderstand: ['revision', 'userArn', 'draft'],
      timeoutMs: options.timeoutMs ?? 15_000,
      // The owner keeps the reply beside the outbox row, so a repeated mutation gets the first one's answer.
      retry: 'safe',
    }),
  ]);
  return Object.fromEntries(entries) as Record<Names[number], Contract<Forwarded, ForwardedReply>>;
}
