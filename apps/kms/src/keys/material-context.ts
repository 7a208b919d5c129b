/** What key material is bound to when the root key wraps it. */
export function materialContext(keyId: string, accountId: string, generation: number): Record<string, string> {
  return { kind: 'key-material', keyId, accountId, generation: String(generation) };
}
