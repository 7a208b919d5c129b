import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseUnavailable } from '@coffer/database';
import { loadConfig } from '@coffer/service-kit';
import { Command } from 'commander';
import { z } from 'zod';
import { natsTemplate } from '../../deploy/nats-template.ts';
import { composeEnvironment, databaseVariable } from '../../deploy/variables.ts';
import { serviceNames } from '../../services/definitions.ts';
import { provisionServices, type DatabasePasswords } from '../../services/postgres.ts';

const PAUSE_MS = 1_000;

export const composeEnv = (): Command =>
  new Command('compose-env')
    .description('Print fresh secrets for docker compose: coffer compose-env > .env')
    .action(() => void process.stdout.write(composeEnvironment()));

export const natsConfig = (): Command =>
  new Command('nats-config')
    .description(
      "Print nats-server's configuration with a wall around each service; passwords come from its environment",
    )
    .action(() => void process.stdout.write(natsTemplate()));

/** In containers Postgres may still be starting; whoever is impatient stops the container. */
export const provision = (): Command =>
  new Command('provision')
    .description('Make database, roles and schemas on a Postgres; may be run again at any time')
    .addHelpText(
      'after',
      `
Environment: COFFER_POSTGRES_ADMIN_URL (a role that may create roles and databases) and one password per service:
${serviceNames.map((name) => databaseVariable(name)).join(' ')}`,
    )
    .action(async () => {
      const passwords = z.object(
        Object.fromEntries(serviceNames.map((name) => [databaseVariable(name), z.string().min(16)])),
      );
      const config = loadConfig(z.object({ COFFER_POSTGRES_ADMIN_URL: z.string().min(1) }).and(passwords), process.env);
      const byService = Object.fromEntries(serviceNames.map((name) => [name, config[databaseVariable(name)]]));
      for (;;) {
        try {
          await provisionServices(config.COFFER_POSTGRES_ADMIN_URL, byService as DatabasePasswords);
          return;
        } catch (error) {
          if (!(error instanceof DatabaseUnavailable)) throw error;
          process.stderr.write('coffer: waiting for Postgres\n');
          await sleep(PAUSE_MS);
        }
      }
    });
