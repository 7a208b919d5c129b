import '@coffer/service-kit/require-node';
import { runService } from '@coffer/service-kit';
import { identity } from './index.ts';

await runService(identity);
