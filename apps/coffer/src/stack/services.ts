import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Layout } from '../data-folder/layout.ts';
import type { AppName } from '../services/definitions.ts';
import { environmentOf } from '../services/environment.ts';
import { freePort } from '../services/ports.ts';
import { UserError } from '../user-error.ts';
import type { ProcessSpec } from './kept-process.ts';
import { answersHttp } from './probes.ts';
import { watchdog } from './watched.ts';

/** @throws UserError when the app is not built */
export function mainOf(service: AppName): string {
  const main = join(dirname(createRequire(import.meta.url).resolve(`@coffer/${service}`)), 'program', 'main.js');
  if (!existsSync(main)) throw new UserError(`${main} is missing; run "npm run build" first.`);
  return main;
}

/** A failpoint is armed in the service that its name begins with, and for its first start alone. */
function failpointOf(service: AppName, env: NodeJS.ProcessEnv): Record<string, string> {
  const armed = env['COFFER_FAILPOINT'];
  return armed?.startsWith(`${service}.`) ? { COFFER_FAILPOINT: armed } : {};
}

/**
 * Bytes on their way lie in buffers that live for a moment. A small space for young objects lets go of them sooner: a
 * gateway under large transfers stays well smaller for it. Unit: MiB.
 */
const YOUNG_SPACE = '--max-semi-space-size=4';

/** glibc: give freed buffers back to the system instead of keeping them in many arenas. */
const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };

/** One service as a process of its own. `name` tells replicas apart. */
export async function serviceSpec(options: {
  service: AppName;
  name: string;
  layout: Layout;
  env: NodeJS.ProcessEnv;
  settings: Readonly<Record<string, string>>;
}): Promise<ProcessSpec> {
  const { service, name, layout, env, settings } = options;
  const health = await freePort();
  return {
    name,
    command: process.execPath,
    // The data folder is not read: it tells whose process this is.
    args: [YOUNG_SPACE, '--import', watchdog, mainOf(service), '--data', layout.root],
    env: { ...environmentOf(service, env, { ...settings, COFFER_HEALTH_PORT: String(health) }), ...MALLOC },
    firstEnv: failpointOf(service, env),
    logFolder: layout.logs,
    runFolder: layout.run,
    watchesSupervisor: true,
    ready: () => answersHttp(`http://127.0.0.1:${health}/readyz`),
  };
}
