import '@coffer/service-kit/require-node';
import { runService } from '@coffer/service-kit';
import { audit } from './index.ts';

await runService(audit);
