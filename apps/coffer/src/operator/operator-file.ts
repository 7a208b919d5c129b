import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Layout } from '../data-folder/layout.ts';
import { serviceNames } from '../services/definitions.ts';
import { PRIVATE_FOLDER, readIfPresent, writeFileDurably } from '../files.ts';

/** How the operator reaches a native stack: the bus, its user there, and what clients need to know. */
const operatorFacts = z.object({
  natsUrl: z.string(),
  password: z.string(),
  supervisorPid: z.number().int(),
  /** How many processes there are of each service. */
  replicas: z.record(z.enum(serviceNames), z.number().int()),
  endpoints: z.object({
    endpoint: z.string(),
    httpsEndpoint: z.string().optional(),
    caFile: z.string().optional(),
    region: z.string(),
  }),
});
export type OperatorFacts = z.infer<typeof operatorFacts>;

const fileOf = (layout: Layout): string => join(layout.secrets, 'operator.json');

export function writeOperatorFile(layout: Layout, facts: OperatorFacts): void {
  mkdirSync(layout.secrets, { recursive: true, mode: PRIVATE_FOLDER });
  writeFileDurably(fileOf(layout), `${JSON.stringify(facts)}\n`);
}

export function readOperatorFile(layout: Layout): OperatorFacts | undefined {
  const text = readIfPresent(fileOf(layout));
  return text === undefined ? undefined : operatorFacts.parse(JSON.parse(text));
}

/** Gone when the stack has stopped, so that nobody waits for a bus that is away. */
export function removeOperatorFile(layout: Layout): void {
  rmSync(fileOf(layout), { force: true });
}
