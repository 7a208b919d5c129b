import { listenHealth, startTracing, watchProcess, type HealthState } from '@coffer/service-kit';
import type { Cleanup } from '../services/cleanup.ts';

/** Traces and metrics as each service on its own would offer them, if the environment asks for them. */
export async function startObservability(env: NodeJS.ProcessEnv, cleanup: Cleanup): Promise<HealthState> {
  const state: HealthState = { ready: false, checks: [] };
  const url = env['COFFER_OTLP_URL'];
  cleanup.add('tracing', startTracing({ service: 'coffer', ...(url ? { url } : {}) }));
  const port = Number(env['COFFER_HEALTH_PORT'] ?? 0);
  if (port > 0) {
    watchProcess();
    const listener = await listenHealth(state, env['COFFER_HEALTH_HOST'] || '127.0.0.1', port);
    cleanup.add('health', () => listener.close());
  }
  return state;
}
