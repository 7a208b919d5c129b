import { factsOf, type Api } from '../api.ts';
import type { ResponseContext } from '../codec-types.ts';
import type { HeaderBag } from '../rest/bind-output.ts';

/** The headers in which each protocol's clients look for the request id. */
export function requestIdHeaders(api: Api, context: ResponseContext): HeaderBag {
  if (factsOf(api).protocol !== 'rest-xml') return { 'x-amzn-RequestId': context.requestId };
  const headers: HeaderBag = { 'x-amz-request-id': context.requestId };
  if (context.hostId !== undefined) headers['x-amz-id-2'] = context.hostId;
  return headers;
}
