import type { ServiceDefinition } from '@coffer/service-kit';
import { start } from './service.ts';

export const objectStorage: ServiceDefinition = { name: 'object-storage', start };
