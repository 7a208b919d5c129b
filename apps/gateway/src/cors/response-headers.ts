import type { Bucket } from '../route/contexts.ts';
import type { Incoming } from '../listen/incoming.ts';
import { corsHeaders, matchRule, VARY, type CorsRule } from './match.ts';

/** What an answer to an actual request tells the browser; nothing when no rule fits, and the request goes on as it is. */
export function responseCors(incoming: Incoming, bucket: Bucket | undefined): Record<string, string> {
  const origin = incoming.headers.origin;
  const rules = bucket?.context.cors as readonly CorsRule[] | undefined;
  if (!rules?.length) return {};
  // A cache in between must not show the answer for one origin to another, nor that for none to a browser.
  if (origin === undefined) return { Vary: VARY };
  const question = { origin, method: incoming.method, headers: [] };
  const rule = matchRule(rules, question);
  return rule ? corsHeaders(rule, question) : { Vary: VARY };
}
