import { defineConfig } from 'vitest/config';

/** Files whose every test starts, kills and inspects a stack of its own, and whose time is spent on starting it. */
const ownStacks = [
  'src/faults/checkers.e2e.ts',
  'src/faults/collector-race.e2e.ts',
  'src/faults/crash.e2e.ts',
  'src/faults/failpoints*.e2e.ts',
  'src/power-loss/*.e2e.ts',
];

const conditions = ['@coffer/source'];
const common = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
};
const limits = { environment: 'node', testTimeout: 120_000, hookTimeout: 180_000 } as const;

/**
 * Real clients against one running stack, which `harness/global-setup.ts` starts. The files run one after another: some
 * count what the services do, and must not count another file's requests. Those that have stacks of their own follow,
 * two at a time.
 */
export default defineConfig({
  root: import.meta.dirname,
  ...common,
  test: {
    globalSetup: ['src/harness/global-setup.ts'],
    projects: [
      {
        ...common,
        test: {
          ...limits,
          name: 'one stack',
          include: ['src/**/*.e2e.ts'],
          exclude: ownStacks,
          setupFiles: ['src/harness/setup.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...common,
        test: {
          ...limits,
          name: 'own stacks',
          include: ownStacks,
          setupFiles: ['src/harness/setup.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
