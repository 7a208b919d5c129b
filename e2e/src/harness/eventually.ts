import { setTimeout as pause } from 'node:timers/promises';

/** Repeats until it no longer throws, for what is promised to come true, but not at once. Throws the last error. */
export async function eventually<T>(attempt: () => Promise<T>, withinMs = 10_000): Promise<T> {
  for (const until = Date.now() + withinMs; ; await pause(100)) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}
