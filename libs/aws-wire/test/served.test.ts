import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { apis, operationsOf } from '../src/api.ts';
import { served } from '../src/served.ts';

describe('the list of served operations', () => {
  it('names operations that AWS has, each once', () => {
    for (const api of apis) {
      const known = new Set([...operationsOf(api), ...(api === 's3' ? ['PostObject'] : [])]);
      expect(served[api].filter((name) => !known.has(name))).toEqual([]);
      expect(new Set(served[api]).size).toBe(served[api].length);
    }
  });

  it('is what the committed page says', () => {
    const generator = fileURLToPath(new URL('../../../tools/served-operations.mjs', import.meta.url));
    expect(() => execFileSync(process.execPath, [generator, '--check'], { stdio: 'pipe' })).not.toThrow();
  });
});
