import { describe, expect, it } from 'vitest';
import { readRequest, replay, type FuzzTarget } from '../src/index.ts';

const reader = (run: FuzzTarget['run'], more: Partial<FuzzTarget> = {}): FuzzTarget => ({
  name: 'reader',
  corpus: new URL('corpus/', import.meta.url),
  parsers: [],
  tokens: ['<token>'],
  mustSee: [],
  run,
  ...more,
});

describe('a replay', () => {
  it('reads the whole corpus, and inputs made of it', async () => {
    const seen = await replay(reader((input) => (input.equals(Buffer.from('12 34')) ? 'numbers' : 'other')));
    expect(seen.get('numbers')).toBeGreaterThan(1);
    expect(seen.get('other')).toBeGreaterThan(100);
  });

  it.each<[string, (input: Buffer) => boolean]>([
    ['a token', (input) => input.includes('<token>')],
    ['bytes that are no text', (input) => input.includes(0xff)],
    ['an input that is long', (input) => input.length > 10_000],
    ['an input cut short', (input) => input.length === 0],
    ['a huge number', (input) => input.includes('9'.repeat(100))],
    ['two inputs spliced', (input) => /^hello.*34$/s.test(input.toString('latin1'))],
  ])('finds a reader that fails for %s', async (_what, fails) => {
    const failing = reader((input) => {
      if (fails(input)) throw new TypeError('the reader is broken');
      return 'read';
    });
    await expect(replay(failing, 3000)).rejects.toMatchObject({ cause: { message: 'the reader is broken' } });
  });

  it('names the file of the corpus that fails', async () => {
    const failing = reader((input) => {
      if (input.equals(Buffer.from('12 34'))) throw new TypeError('broken');
      return 'read';
    });
    await expect(replay(failing)).rejects.toThrow('the corpus file numbers');
  });

  const idle = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  const busy = (ms: number) => {
    const { user } = process.threadCpuUsage();
    while (process.threadCpuUsage().user - user < ms * 1000);
  };

  it.each([
    ['computes for too long', busy, 30],
    ['waits for much too long', idle, 120],
  ])('finds a reader that %s each time, and forgives one such moment', async (_what, pass, ms) => {
    let slow = Infinity;
    const slowReader = reader(
      () => {
        if (slow-- > 0) pass(ms);
        return 'read';
      },
      { limitMs: 20 },
    );
    await expect(replay(slowReader)).rejects.toThrow('the corpus file hello');
    slow = 1;
    await expect(replay(slowReader, 10)).resolves.toBeDefined();
  });

  it('forgives a reader whose thread did not get the processor', async () => {
    await expect(replay(reader(() => (idle(30), 'read'), { limitMs: 20 }))).resolves.toBeDefined();
  });
});

describe('a request in a file', () => {
  it('is taken apart whatever it holds', () => {
    expect(readRequest(Buffer.from('PUT /a HTTP/1.1\r\nX: 1\nx: 2\n__proto__: 3\n\nbody\n\n'))).toMatchObject({
      method: 'PUT',
      target: '/a',
      pairs: [
        ['X', '1'],
        ['x', '2'],
        ['__proto__', '3'],
      ],
      body: Buffer.from('body\n\n'),
    });
    expect(readRequest(Buffer.alloc(0))).toMatchObject({ method: '', target: '', body: Buffer.alloc(0) });
  });
});
