/** Ratios beside a MinIO that syncs and encrypts which a careful build should reach, by workload and subject. */
export const targets: Readonly<Record<string, { readonly embedded: number; readonly native: number }>> = {
  'put-4k': { embedded: 1.5, native: 1 },
  'get-4k': { embedded: 0.6, native: 0.4 },
  'head-4k': { embedded: 0.7, native: 0.45 },
  'put-64m': { embedded: 0.7, native: 0.4 },
  'get-64m': { embedded: 0.35, native: 0.25 },
  list: { embedded: 3, native: 3 },
  'list-delimiter': { embedded: 0.7, native: 0.7 },
};
