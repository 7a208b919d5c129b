// A whole service for the tests of runService: `greet` waits as long as it is told to.
import '../src/require-node.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { handle } from '@coffer/bus';
import { Module } from '@nestjs/common';
import { failpoint, registerFailpoints, runService, startNest } from '../src/index.ts';
import { greet } from './greet.ts';

class EmptyModule {}
Module({})(EmptyModule);
registerFailpoints('greet.before-answer');

await runService({
  name: 'kms',
  start: async ({ transport, logger }) => {
    const registration = handle(greet, async ({ waitMs }) => {
      await sleep(waitMs);
      failpoint('greet.before-answer');
      return { pid: process.pid };
    });
    const service = await startNest(EmptyModule, transport, [registration], logger);
    return { name: 'kms', checks: [{ name: 'self', check: () => undefined }], stop: () => service.close() };
  },
});
