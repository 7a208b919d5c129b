import { isFault, s3Error } from '@coffer/contracts';
import type { Route } from '@coffer/aws-wire';
import type { Answer } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import type { Incoming } from '../listen/incoming.ts';
import { corsHeaders, matchRule, type CorsRule } from './match.ts';

const METHODS = new Set(['GET', 'PUT', 'HEAD', 'POST', 'DELETE']);

/** Answers a browser's OPTIONS, which nobody signs and for which no key need exist. */
export async function preflight(gateway: Gateway, incoming: Incoming, route: Route): Promise<Answer> {
  const origin = incoming.headers.origin;
  if (origin === undefined) {
    throw s3Error('BadRequest', {}, { message: 'Insufficient information. Origin request header needed.' });
  }
  const method = String(incoming.headers['access-control-request-method'] ?? '');
  if (!METHODS.has(method)) {
    throw s3Error('BadRequest', {}, { message: `Invalid Access-Control-Request-Method: ${method.slice(0, 64)}` });
  }
  const headers = String(incoming.headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== '');
  const question = { origin, method, headers };
  const rules = await freshRules(gateway, route);
  const rule = matchRule(rules, question);
  if (!rule)
    throw forbidden(
      incoming,
      route,
      "This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
    );
  return { output: {}, headers: corsHeaders(rule, question) };

  async function freshRules(from: Gateway, { bucket }: Route): Promise<readonly CorsRule[]> {
    // No call to the owner follows that would notice an old configuration, so a preflight asks for the newest.
    const found = await from.contexts.refresh(bucket ?? '').catch((error: unknown) => {
      if (isFault(error, 'NoSuchBucket', 'InvalidMessage')) throw forbidden(incoming, route, 'Bucket not found');
      throw error;
    });
    if (!found.context.cors?.length) throw forbidden(incoming, route, 'CORS is not enabled for this bucket.');
    return found.context.cors as readonly CorsRule[];
  }
}

function forbidden(incoming: Incoming, route: Route, words: string): Error {
  return s3Error(
    'AccessForbidden',
    {
      Method: String(incoming.headers['access-control-request-method'] ?? '').slice(0, 64),
      ResourceType: route.key === undefined ? 'BUCKET' : 'OBJECT',
    },
    { message: `CORSResponse: ${words}` },
  );
}
