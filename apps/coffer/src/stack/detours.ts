import { z } from 'zod';
import { UserError } from '../user-error.ts';

const port = z.int().min(1).max(65_535);
const shape = z.record(z.string(), z.strictObject({ nats: port, postgres: port, minio: port }).partial());

/** By process, such as `gateway-2`: the ports of 127.0.0.1 at which it finds its backends instead of their own. */
export type Detours = z.infer<typeof shape>;
export type Backend = 'nats' | 'postgres' | 'minio';

/**
 * Reads `COFFER_STACK_DETOURS`, by which tests of faults put proxies between the processes of a stack:
 * `{"gateway-2":{"nats":4001}}`. Empty when it is not set.
 * @throws UserError when it is something else
 */
export function stackDetours(env: NodeJS.ProcessEnv): Detours {
  const text = env['COFFER_STACK_DETOURS'];
  if (!text) return {};
  try {
    return shape.parse(JSON.parse(text));
  } catch (error) {
    throw new UserError(`COFFER_STACK_DETOURS: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The same address, at the port of the detour if there is one. */
export function detoured(url: string, detour: number | undefined): string {
  if (detour === undefined) return url;
  const { host, port: own } = new URL(url);
  return url.replace(host, `${own ? host.slice(0, -own.length - 1) : host}:${detour}`);
}
