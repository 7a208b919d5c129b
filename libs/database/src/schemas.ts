/** The services that own a schema. */
export type DatabaseService = 'gateway' | 'identity' | 'object-storage' | 'kms' | 'governance' | 'audit';

export interface ServiceSchema {
  /** The role that the service connects as. */
  readonly role: string;
  /** The only schema that this role can see. */
  readonly schema: string;
}

/** Which role and schema belong to which service; the wall between them is built by `provision`. */
export const schemas: Readonly<Record<DatabaseService, ServiceSchema>> = Object.freeze({
  gateway: { role: 'coffer_gateway', schema: 'gateway' },
  identity: { role: 'coffer_identity', schema: 'identity' },
  'object-storage': { role: 'coffer_object_storage', schema: 'objects' },
  kms: { role: 'coffer_kms', schema: 'kms' },
  governance: { role: 'coffer_governance', schema: 'governance' },
  audit: { role: 'coffer_audit', schema: 'audit' },
});
