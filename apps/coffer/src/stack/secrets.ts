import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Layout } from '../data-folder/layout.ts';
import { newDeployPassword } from '../deploy/variables.ts';
import { PRIVATE_FOLDER, readIfPresent, writeFileDurably } from '../files.ts';
import { serviceNames } from '../services/definitions.ts';
import { newPassword } from '../services/postgres.ts';

const password = z.string().min(16);
const perService = z.object({
  kms: password,
  identity: password,
  governance: password,
  'object-storage': password,
  audit: password,
  gateway: password,
});
const shape = z.object({
  database: perService,
  bus: perService.extend({ operator: password }),
  minio: z.object({ user: z.string(), password }),
});
/** Passwords of a native stack: one database role and one bus user per service, and the blob tier's. */
export type StackSecrets = z.infer<typeof shape>;

function generate(): StackSecrets {
  const each = (make: () => string): z.infer<typeof perService> =>
    perService.parse(Object.fromEntries(serviceNames.map((name) => [name, make()])));
  return {
    database: each(newPassword),
    bus: { ...each(newDeployPassword), operator: newDeployPassword() },
    minio: { user: `coffer-${randomBytes(6).toString('hex')}`, password: newPassword() },
  };
}

/** Generated at the first start, the same ever after. */
export function stackSecrets(layout: Layout): StackSecrets {
  const file = join(layout.secrets, 'passwords.json');
  const text = readIfPresent(file);
  if (text !== undefined) return shape.parse(JSON.parse(text));
  mkdirSync(layout.secrets, { recursive: true, mode: PRIVATE_FOLDER });
  const secrets = generate();
  writeFileDurably(file, `${JSON.stringify(secrets)}\n`);
  return secrets;
}
