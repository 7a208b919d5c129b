import type { TestProject } from 'vitest/node';
import { provideStack } from '../harness/global-setup.ts';
import { putManyKeys } from './many-keys.ts';

/** As for the other suites; which programs a client needs, its own file says. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await provideStack(project, [], putManyKeys);
}
