import type { ServiceDefinition } from '@coffer/service-kit';
import { start } from './service.ts';

export const identity: ServiceDefinition = { name: 'identity', start };
