import type { HeaderIndex, QueryParameter } from './request.ts';

/**
 * The `x-amz-*` parameters of a presigned URL that stand for headers, by lower-case name.
 * @returns undefined when one is named twice, so that nobody can read it two ways.
 */
export function readQueryHeaders(
  parameters: readonly QueryParameter[],
  notHeaders: ReadonlySet<string>,
): Map<string, string> | undefined {
  const found = new Map<string, string>();
  for (const { name, value } of parameters) {
    const key = name.toLowerCase();
    if (!key.startsWith('x-amz-') || notHeaders.has(key)) continue;
    if (found.has(key)) return undefined;
    found.set(key, value);
  }
  return found;
}

/** Whether some `x-amz-*` name came both as a header and in the query. AWS takes no such request for signed. */
export function inHeaderAndQuery(headers: HeaderIndex, parameters: readonly QueryParameter[]): boolean {
  return parameters.some(({ name }) => {
    const key = name.toLowerCase();
    return key.startsWith('x-amz-') && headers.has(key);
  });
}
