import type { ServiceDefinition } from '@coffer/service-kit';

/** The services in the order in which they start: each finds those that it asks already there. */
export const serviceNames = ['kms', 'identity', 'governance', 'object-storage', 'audit', 'gateway'] as const;
export type AppName = (typeof serviceNames)[number];

/** Loaded when they are started, so that short commands stay quick. */
const load: Record<AppName, () => Promise<ServiceDefinition>> = {
  kms: async () => (await import('@coffer/kms')).kms,
  identity: async () => (await import('@coffer/identity')).identity,
  governance: async () => (await import('@coffer/governance')).governance,
  'object-storage': async () => (await import('@coffer/object-storage')).objectStorage,
  audit: async () => (await import('@coffer/audit')).audit,
  gateway: async () => (await import('@coffer/gateway')).gateway,
};

export async function loadServices(): Promise<ServiceDefinition[]> {
  return await Promise.all(serviceNames.map((name) => load[name]()));
}
