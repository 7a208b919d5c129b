import { defineConfig } from 'vitest/config';

/**
 * One client per file against one running stack, two files at a time: every client has buckets of its own.
 * `tools/clients.mjs` says which client runs in which cells.
 */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@coffer/source'] },
  ssr: { resolve: { conditions: ['@coffer/source'] } },
  test: {
    include: ['src/clients/*.client.ts'],
    environment: 'node',
    globalSetup: ['src/clients/global-setup.ts'],
    setupFiles: ['src/harness/setup.ts'],
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    retry: 0,
  },
});
