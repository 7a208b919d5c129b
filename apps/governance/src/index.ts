import type { ServiceDefinition } from '@coffer/service-kit';
import { start } from './service.ts';

export const governance: ServiceDefinition = { name: 'governance', start };
