import type { ServiceDefinition } from '@coffer/service-kit';
import { start } from './service.ts';

export const audit: ServiceDefinition = { name: 'audit', start };
