import { s3Error, type Fault } from '@coffer/contracts';

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

/**
 * A condition of a write is an ETag in If-Match or `*` in If-None-Match, and never both.
 * @throws Fault NotImplemented for anything else, as S3 does
 */
export function refuseUnsupportedConditions(input: Record<string, unknown>): void {
  const ifMatch = input['IfMatch'];
  const ifNoneMatch = input['IfNoneMatch'];
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw unsupported('If-Match,If-None-Match', 'Multiple conditional request headers present in the request');
  }
  if (ifMatch === '*') throw unsupportedValue('If-Match');
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw unsupportedValue('If-None-Match');
}

function unsupported(header: string, additionalMessage: string): Fault {
  return s3Error('NotImplemented', { Header: header, additionalMessage });
}

function unsupportedValue(header: string): Fault {
  return unsupported(header, `We don't accept the provided value of ${header} header for this API`);
}
