import { defineConfig } from 'vitest/config';
import { LongestFirst } from './longest-first.ts';

/** Files that start, and some kill and inspect, stacks of their own, and whose time is spent on starting them. */
const ownStacks = [
  'src/shared-port.e2e.ts',
  'src/faults/checkers.e2e.ts',
  'src/faults/collector-race.e2e.ts',
  'src/faults/crash.e2e.ts',
  'src/faults/failpoints*.e2e.ts',
  'src/faults/revocation-race.e2e.ts',
  'src/power-loss/*.e2e.ts',
];

/**
 * Files that look at nothing but what lies in buckets, and at users, of their own. Most of their time is the clients'.
 */
const sideBySide = [
  'sync-a-folder',
  's3api-calls',
  'presigned',
  'accounts-users',
  'smoke',
  'versions',
  'copies',
  'listing',
].map((name) => `src/${name}.e2e.ts`);

const conditions = ['@coffer/source'];
const common = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
};
const limits = { environment: 'node', testTimeout: 120_000, hookTimeout: 180_000 } as const;

/**
 * Real clients against one running stack, which `harness/global-setup.ts` starts. Most files run one after another: they
 * count what the services do, and must not count another file's requests. Those that count nothing follow two at a time,
 * and then, two at a time as well, those that have stacks of their own.
 */
export default defineConfig({
  root: import.meta.dirname,
  ...common,
  test: {
    globalSetup: ['src/harness/global-setup.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        ...common,
        test: {
          ...limits,
          name: 'one stack',
          include: ['src/**/*.e2e.ts'],
          exclude: [...ownStacks, ...sideBySide],
          setupFiles: ['src/harness/setup.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...common,
        test: {
          ...limits,
          name: 'one stack, side by side',
          include: sideBySide,
          setupFiles: ['src/harness/setup.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
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
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
