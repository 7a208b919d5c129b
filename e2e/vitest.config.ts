import { defineConfig } from 'vitest/config';

/**
 * Real clients against one running stack, which `harness/global-setup.ts` starts. The files run one after another: some
 * count what the services do, and must not count another file's requests.
 */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@coffer/source'] },
  ssr: { resolve: { conditions: ['@coffer/source'] } },
  test: {
    include: ['src/**/*.e2e.ts'],
    environment: 'node',
    globalSetup: ['src/harness/global-setup.ts'],
    setupFiles: ['src/harness/setup.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
