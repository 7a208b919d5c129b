import { defineConfig } from 'vitest/config';

/** The one test setup: libs resolve to their sources, so a test never runs against a stale build. */
export default defineConfig({
  resolve: { conditions: ['@coffer/source'] },
  ssr: { resolve: { conditions: ['@coffer/source'] } },
  test: {
    include: ['{libs,apps}/*/{src,test}/**/*.test.ts'],
    environment: 'node',
    testTimeout: 30_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
