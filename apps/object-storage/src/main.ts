import '@coffer/service-kit/require-node';
import { runService } from '@coffer/service-kit';
import { objectStorage } from './index.ts';

await runService(objectStorage);
