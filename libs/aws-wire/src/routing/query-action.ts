import { apis, factsOf, operations, type Api } from '../api.ts';
import { parseParameters, type Target } from '../percent.ts';
import { WireError } from '../wire-error.ts';
import type { Route, WireRequest } from './types.ts';

const versionToApi = new Map<string, Api>(
  apis.filter((api) => factsOf(api).protocol === 'query').map((api) => [factsOf(api).version, api]),
);

/** Action and Version of a form body (or of the query string of a presigned GET); undefined where absent. */
export function queryAction(form: Buffer | string): { action?: string; version?: string } {
  const pairs = parseParameters(typeof form === 'string' ? form : form.toString('latin1'));
  if (!pairs) throw new WireError('MalformedQueryString', { api: 'sts' });
  return actionOf(pairs);
}

function actionOf(pairs: readonly (readonly [string, string])[]): { action?: string; version?: string } {
  const action = pairs.find(([name]) => name === 'Action')?.[1];
  const version = pairs.find(([name]) => name === 'Version')?.[1];
  return { ...(action === undefined ? {} : { action }), ...(version === undefined ? {} : { version }) };
}

function named(route: Route, signed: boolean, found: { action?: string; version?: string }): Route {
  const ofVersion = versionToApi.get(found.version ?? '');
  // A signature is for one service: another service's version must not pass under it.
  const api = signed ? route.api : (ofVersion ?? route.api);
  const operation = found.action ?? '';
  if ((found.version !== undefined && ofVersion !== api) || !operations(api).has(operation)) {
    throw new WireError('InvalidAction', {
      message: `Could not find operation ${operation.slice(0, 128)} for version ${(found.version ?? 'NO_VERSION_SPECIFIED').slice(0, 32)}`,
      api,
    });
  }
  return { ...route, api, operation };
}

/**
 * Routes IAM and STS. A POST names its Action in the body, so its operation stays empty until `resolveQuery`; a
 * presigned GET names it in the query string.
 */
export function routeQuery(api: 'iam' | 'sts', request: WireRequest, target: Target): Route {
  const route: Route = {
    api,
    operation: '',
    query: target.query,
    pairs: target.pairs,
    labels: new Map(),
    virtualHost: false,
  };
  if (target.path !== '/' || (request.method !== 'POST' && request.method !== 'GET')) {
    throw new WireError('InvalidAction', { api });
  }
  return request.method === 'GET' ? named(route, true, actionOf(target.pairs)) : route;
}

/**
 * Completes the route of a query API with the Action of its form body. `signed` says that the request carried a
 * credential, whose service then fixes the API; of an unsigned request the Version decides between IAM and STS.
 * Throws InvalidAction, MalformedQueryString.
 */
export function resolveQuery(route: Route, form: Buffer | string, signed: boolean): Route {
  if (route.operation !== '') return route;
  // A POST may also carry its parameters in the query string; then its body is empty.
  return named(route, signed, form.length > 0 ? queryAction(form) : actionOf(route.pairs));
}
