import '@coffer/service-kit/require-node';
import { runService } from '@coffer/service-kit';
import { kms } from './index.ts';

await runService(kms);
