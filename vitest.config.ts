import { defineConfig } from 'vitest/config';

/** The one test setup: libs resolve to their sources, so a test never runs against a stale build. */
export default defineConfig({
  resolve: { conditions: ['@coffer/source'] },
  ssr: { resolve: { conditions: ['@coffer/source'] } },
  test: {
    include: ['{libs,apps}/*/{src,test}/**/*.test.ts', '{e2e,load}/src/**/*.test.ts', 'tools/**/*.test.mjs'],
    environment: 'node',
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // A test that passes only when it is run again has failed.
    retry: 0,
    maxWorkers: 2,
    // Its entries have outlived a change of tsconfig; a verdict must not rest on one.
    fsModuleCache: process.env['CI'] !== 'true',
  },
});
