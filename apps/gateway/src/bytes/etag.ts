/** An ETag as headers and XML show it. */
export const quoted = (etag: string): string => `"${etag}"`;

/** Conditions compare unquoted; clients send either form. */
export function unquoted(etag: string): string {
  const text = etag.trim();
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

/** If-Match and If-None-Match of a write, as the owner compares them. */
export function unquotedCondition(
  input: Record<string, unknown>,
): { ifMatch?: string; ifNoneMatch?: string } | undefined {
  const ifMatch = input['IfMatch'];
  const ifNoneMatch = input['IfNoneMatch'];
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  return {
    ...(typeof ifMatch === 'string' ? { ifMatch: unquoted(ifMatch) } : {}),
    ...(typeof ifNoneMatch === 'string' ? { ifNoneMatch: unquoted(ifNoneMatch) } : {}),
  };
}
