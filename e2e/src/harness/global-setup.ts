import { requires } from '@coffer/testing';
import type { TestProject } from 'vitest/node';
import type { StackFacts } from './stack-facts.ts';
import type { RunningStack } from './start-stack.ts';
import { givenStack, startStack } from './start-stack.ts';

async function choose(needs: readonly string[]): Promise<RunningStack | string> {
  const endpoint = process.env['COFFER_E2E_ENDPOINT'];
  if (endpoint !== undefined) return await givenStack(endpoint);
  if (!requires(...needs)) return 'the real clients are not installed';
  const mode = process.env['COFFER_E2E_STACK'] ?? 'embedded';
  if (mode !== 'embedded' && mode !== 'native') throw new Error('COFFER_E2E_STACK is embedded or native');
  if (mode === 'native' && !requires('nats-server', 'minio')) return 'the native stack lacks a program';
  return await startStack(mode);
}

/**
 * As below, on a machine that has the programs `needs`; elsewhere every suite learns why there is no stack. `prepare`
 * is done once before the first suite.
 */
export async function provideStack(
  project: TestProject,
  needs: readonly string[],
  prepare?: (facts: StackFacts) => Promise<void>,
): Promise<() => Promise<void>> {
  const chosen = await choose(needs);
  if (typeof chosen === 'string') {
    project.provide('stack', { absent: chosen });
    return () => Promise.resolve();
  }
  project.provide('stack', chosen.facts);
  await prepare?.(chosen.facts).catch(async (error: unknown) => {
    await chosen.stop();
    throw error;
  });
  return () => chosen.stop();
}

/** Starts ONE stack for the whole run, and demands afterwards that SIGTERM ends it with 0. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await provideStack(project, ['aws', 'python3', 'curl']);
}
