import { expect, it } from 'vitest';
import { detoured, stackDetours } from './detours.ts';

it('reads the ports of each process, and nothing else', () => {
  expect(stackDetours({})).toEqual({});
  const text = '{"gateway-2":{"nats":4001},"audit":{"postgres":4002}}';
  expect(stackDetours({ COFFER_STACK_DETOURS: text })).toEqual(JSON.parse(text));
  for (const wrong of ['4001', '{"audit":{"redis":1}}', '{"audit":{"nats":"4001"}}', '{"audit":{"nats":70000}}', '{']) {
    expect(() => stackDetours({ COFFER_STACK_DETOURS: wrong }), wrong).toThrow('COFFER_STACK_DETOURS');
  }
});

it.each([
  ['nats://127.0.0.1:4222', undefined, 'nats://127.0.0.1:4222'],
  ['nats://127.0.0.1:4222', 4001, 'nats://127.0.0.1:4001'],
  ['http://127.0.0.1:9000', 4001, 'http://127.0.0.1:4001'],
  ['postgresql://audit:p%40ss@127.0.0.1:5432/coffer', 4001, 'postgresql://audit:p%40ss@127.0.0.1:4001/coffer'],
  ['postgresql://audit:secret@localhost/coffer', 4001, 'postgresql://audit:secret@localhost:4001/coffer'],
])('%s by %s is %s', (url, port, expected) => expect(detoured(url, port)).toBe(expected));
