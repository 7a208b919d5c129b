import { describe, expect, it } from 'vitest';
import { judge, readReferences } from './verdict.ts';

describe('judge', () => {
  it('finds a loss of more than a third, and nothing else', () => {
    expect(judge('put-4k', 'embedded', 1.5, 1.01)).toMatchObject({ lost: false });
    expect(judge('put-4k', 'embedded', 1.5, 0.99)).toMatchObject({ lost: true });
    expect(judge('put-4k', 'embedded', 1.5, 3)).toMatchObject({ lost: false, loss: -1 });
  });

  it('lets no figure pass that is none', () => {
    expect(judge('put-4k', 'embedded', 1.5, Number.NaN)).toMatchObject({ lost: true });
    expect(judge('put-4k', 'embedded', 1.5, 0)).toMatchObject({ lost: true });
  });
});

describe('readReferences', () => {
  it('wants one for each that is measured', () => {
    const text = '{"put-4k":{"embedded":1.5,"native":1}}';
    expect(readReferences(text, ['put-4k'], ['embedded', 'native'])['put-4k']?.['native']).toBe(1);
    expect(() => readReferences(text, ['put-4k', 'get-4k'], ['embedded'])).toThrow(/get-4k of embedded/);
    expect(() => readReferences('{"put-4k":{"embedded":0}}', ['put-4k'], ['embedded'])).toThrow(/put-4k of embedded/);
  });
});
