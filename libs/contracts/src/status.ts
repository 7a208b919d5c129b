import { z } from 'zod';
import { contract, type ServiceName } from './contract.ts';

const statusReply = z.object({
  /** Which process this is, told apart from its replicas: its host and process id. */
  instance: z.string(),
  version: z.string(),
  startedAt: z.number().int(),
  /** Name of what was checked → `ok`, or what is wrong. */
  checks: z.record(z.string(), z.string()),
});

function statusOf(service: ServiceName) {
  return contract(service, 'status', {
    request: z.object({}),
    reply: statusReply,
    callers: ['operator'],
    timeoutMs: 2_000,
    toAll: true,
  });
}

/** How each process of each service is, for `coffer status` and `coffer doctor`. */
export const status = {
  gateway: statusOf('gateway'),
  identity: statusOf('identity'),
  'object-storage': statusOf('object-storage'),
  kms: statusOf('kms'),
  governance: statusOf('governance'),
  audit: statusOf('audit'),
};
