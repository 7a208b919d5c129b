import '@coffer/service-kit/require-node';
import { runService } from '@coffer/service-kit';
import { gateway } from './index.ts';

await runService(gateway);
