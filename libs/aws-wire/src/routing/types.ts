import type { Api } from '../api.ts';

/** Headers as Node's HTTP server gives them: lower-case names, values as latin1 text. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** One header as text; the values of a repeated one are joined, an absent one is empty. */
export function headerText(headers: RequestHeaders, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}

/** What is known of a request before its body: method and target as received, headers as Node lowers them. */
export interface WireRequest {
  readonly method: string;
  /** Path and query exactly as on the request line. */
  readonly target: string;
  readonly headers: RequestHeaders;
}

/** Which operation a request asks for, and what its path and query say. */
export interface Route {
  readonly api: Api;
  /**
   * AWS's name of the operation, served or not. `Preflight` for OPTIONS, `PostObject` for a form upload, and empty for
   * a query API whose Action is in the body (`resolveQuery` fills it in).
   */
  readonly operation: string;
  readonly bucket?: string;
  /** Decoded and otherwise exactly as sent: never normalised, may start with or contain `/`, `..`, any character. */
  readonly key?: string;
  /** Decoded; of a repeated parameter the first value. */
  readonly query: ReadonlyMap<string, string>;
  /** Decoded, every parameter in order. */
  readonly pairs: readonly (readonly [name: string, value: string])[];
  /** Decoded values of the labels in the operation's path, for the APIs other than S3. */
  readonly labels: ReadonlyMap<string, string>;
  /** True when the bucket came from the host name. */
  readonly virtualHost: boolean;
  readonly isPreflight?: boolean;
  /** S3 Control: `x-amz-account-id`; Glacier: the first path segment (`-` is the caller's own). */
  readonly accountId?: string;
}

export interface RouteOptions {
  /** Base host names under which `<bucket>.<host>` means a bucket; without ports. */
  readonly hosts: readonly string[];
  /** Service of the SigV4 credential scope, from the header or the presigned query, when there is one. */
  readonly credentialService?: string;
}
