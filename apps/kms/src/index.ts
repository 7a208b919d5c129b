import type { ServiceDefinition } from '@coffer/service-kit';
import { start } from './service.ts';

export const kms: ServiceDefinition = { name: 'kms', start };
