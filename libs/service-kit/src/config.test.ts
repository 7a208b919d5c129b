import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, loadConfig } from './config.ts';

const schema = z.object({
  COFFER_PORT: z.coerce.number().int().max(65_535),
  COFFER_MODE: z.enum(['strict', 'loose']).default('strict'),
  COFFER_ROOT_KEY: z.string().length(64),
  COFFER_PASSWORD: z
    .string()
    .refine((text) => text.length > 20, { error: (issue) => `${String(issue.input)} is short` }),
});
const good = {
  COFFER_PORT: '9010',
  COFFER_ROOT_KEY: 'a'.repeat(64),
  COFFER_PASSWORD: 'long enough for everybody',
};

function problems(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
  }
  throw new Error('expected a ConfigError');
}

describe('loadConfig', () => {
  it('returns typed values with defaults; empty counts as not set', () => {
    expect(loadConfig(schema, { ...good, COFFER_MODE: '' })).toEqual({
      ...good,
      COFFER_PORT: 9010,
      COFFER_MODE: 'strict',
    });
  });

  it('lists every mistake by the name of its variable', () => {
    const found = problems({ COFFER_PORT: '99999', COFFER_MODE: 'wild', COFFER_PASSWORD: '' });
    expect(found).toHaveLength(4);
    for (const name of ['COFFER_PORT', 'COFFER_MODE']) expect(found.join('\n')).toContain(`${name}:`);
    expect(found).toContain('COFFER_ROOT_KEY is not set');
    expect(found).toContain('COFFER_PASSWORD is not set');
  });

  it('never shows a value, even when the schema would', () => {
    const found = problems({ ...good, COFFER_ROOT_KEY: 'hunter2', COFFER_PASSWORD: 'tiny-secret' });
    expect(found).toEqual([expect.stringContaining('COFFER_ROOT_KEY'), 'COFFER_PASSWORD: is not valid']);
    expect(found.join()).not.toMatch(/hunter2|tiny-secret/);
  });
});
