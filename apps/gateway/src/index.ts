import type { ServiceDefinition } from '@coffer/service-kit';
import { start } from './service.ts';

export const gateway: ServiceDefinition = { name: 'gateway', start };
