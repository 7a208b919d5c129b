import { contract } from '@coffer/contracts';
import { z } from 'zod';

export const greet = contract('kms', 'greet', {
  request: z.object({ waitMs: z.number() }),
  reply: z.object({ pid: z.number() }),
  callers: ['gateway'],
});
