import { operations } from '../api.ts';
import type { Target } from '../percent.ts';
import { WireError } from '../wire-error.ts';
import type { Route, WireRequest } from './types.ts';

/** Routes the JSON 1.1 APIs: the last dot segment of X-Amz-Target names the operation, whatever the SDK puts before. */
export function routeJson(api: 'kms' | 'cloudtrail', request: WireRequest, target: Target): Route {
  const header = request.headers['x-amz-target'];
  const operation = typeof header === 'string' ? header.slice(header.lastIndexOf('.') + 1) : '';
  if (request.method !== 'POST' || target.path !== '/' || !operations(api).has(operation)) {
    throw new WireError('UnknownOperationException', { api });
  }
  return { api, operation, query: target.query, pairs: target.pairs, labels: new Map(), virtualHost: false };
}
