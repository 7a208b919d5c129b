import '@coffer/service-kit/require-node';
import { runService } from '@coffer/service-kit';
import { governance } from './index.ts';

await runService(governance);
