import type { Api } from '../api.ts';
import { limits } from '../limits.ts';
import { parseTarget } from '../percent.ts';
import { WireError } from '../wire-error.ts';
import { bucketOfHost } from './host.ts';
import { routeJson } from './json-target.ts';
import { routeQuery } from './query-action.ts';
import { routeRest } from './rest-template.ts';
import { routeS3 } from './s3.ts';
import { headerText, type RequestHeaders, type Route, type RouteOptions, type WireRequest } from './types.ts';

/** Which API a request is for: the signed service name decides; only unsigned requests are judged by their looks. */
function apiOf(request: WireRequest, path: string, service: string | undefined): Api {
  const { headers } = request;
  switch (service) {
    case 'kms':
    case 'cloudtrail':
    case 'iam':
    case 'sts':
    case 'glacier':
      return service;
    case undefined:
      break;
    default:
      // S3 Control signs as `s3`. Other service names go to S3, whose signature check refuses the scope.
      return isS3Control(headers, path) ? 's3-control' : 's3';
  }
  if (isS3Control(headers, path)) return 's3-control';
  if (headers['x-amz-glacier-version'] !== undefined) return 'glacier';
  if (path === '/' && request.method === 'POST') {
    const target = headerText(headers, 'x-amz-target');
    if (target.startsWith('TrentService.')) return 'kms';
    if (target.includes('CloudTrail_')) return 'cloudtrail';
    // Which of the two it is, and that it is one at all, the form says.
    if (headerText(headers, 'content-type').toLowerCase().startsWith('application/x-www-form-urlencoded')) return 'sts';
  }
  return 's3';
}

function isS3Control(headers: RequestHeaders, path: string): boolean {
  // `v20180820` is also a possible bucket name, so the path alone does not tell.
  const marked = headers['x-amz-account-id'] !== undefined || headers['x-amz-outpost-id'] !== undefined;
  return marked && path.startsWith('/v20180820/');
}

function checkHeaderSection(headers: RequestHeaders, api: Api): void {
  let size = 0;
  for (const name in headers) {
    const value = headers[name];
    size += name.length + 4 + (Array.isArray(value) ? value.join(', ').length : (value?.length ?? 0));
  }
  if (size > limits.headerSection) {
    throw new WireError('RequestHeaderSectionTooLarge', {
      extras: { MaxSizeAllowed: String(limits.headerSection) },
      api,
    });
  }
}

/**
 * Finds the operation of a request. Throws WireError: InvalidURI, RequestHeaderSectionTooLarge, MethodNotAllowed,
 * InvalidArgument (conflicting sub-resources), InvalidRequest, PreconditionFailed (POST that is no form),
 * UnknownOperationException, InvalidAction.
 */
export function route(request: WireRequest, options: RouteOptions): Route {
  const target = parseTarget(request.target);
  const api = apiOf(request, target.path, options.credentialService);
  checkHeaderSection(request.headers, api);
  switch (api) {
    case 's3':
      return routeS3(request, target, bucketOfHost(headerText(request.headers, 'host'), options.hosts));
    case 's3-control':
    case 'glacier':
      return routeRest(api, request, target);
    case 'kms':
    case 'cloudtrail':
      return routeJson(api, request, target);
    case 'iam':
    case 'sts':
      return routeQuery(api, request, target);
  }
}
