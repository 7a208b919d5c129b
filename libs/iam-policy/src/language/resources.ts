import { canMatchPrefix, compileGlob, globTokens, hasWildcard } from '../glob/glob.ts';
import type { GlobToken } from '../glob/glob.ts';
import { compileTemplate, parseTemplate, splitArn, widest } from '../glob/template.ts';
import type { TemplateMatcher, TemplatePart } from '../glob/template.ts';
import type { ResourceLevel } from '../s3/action-groups.ts';

/** A resource pattern in two halves: variables are read behind the fifth colon only. */
interface ResourcePattern {
  /** The first five parts with their colons; empty when the pattern has fewer. */
  readonly head: string;
  readonly tail: readonly TemplatePart[];
}

function readPattern(pattern: string, variables: boolean): ResourcePattern {
  const segments = splitArn(pattern);
  if (!segments) return { head: '', tail: globTokens(pattern) };
  const tail = segments[5] as string;
  const head = pattern.slice(0, pattern.length - tail.length);
  return { head, tail: parseTemplate(tail, { wildcards: true, variables }) };
}

/**
 * Makes the matcher of one resource pattern. A wildcard in one of the first five parts stays within
 * its part, so that `arn:aws:s3:*:…` cannot run over into a resource name; only a pattern with fewer
 * than six parts (`*`, `arn:aws:s3:*`) is matched against the ARN as a whole.
 */
export function compileResource(pattern: string, variables: boolean): TemplateMatcher {
  const { head, tail } = readPattern(pattern, variables);
  if (!hasWildcard(globTokens(head))) {
    return compileTemplate(head === '' ? tail : [head, ...tail]);
  }
  const heads = head
    .slice(0, -1)
    .split(':')
    .map((segment) => compileGlob(globTokens(segment)));
  const matchesTail = compileTemplate(tail);
  return (resource, source) => {
    const segments = splitArn(resource);
    if (!segments || !heads.every((matches, i) => matches(segments[i] as string))) return false;
    return matchesTail(segments[5] as string, source);
  };
}

/** Everything a pattern may match, with variables taken as `*`. */
function reach(pattern: string, variables: boolean): GlobToken[] {
  const { head, tail } = readPattern(pattern, variables);
  return [...globTokens(head), ...widest(tail)];
}

/** Which levels of a bucket (or of an access point, by its ARN) a resource pattern can name. */
export function levelsWithin(pattern: string, ownerArn: string, variables: boolean): Set<ResourceLevel> {
  const tokens = reach(pattern, variables);
  const accessPoint = ownerArn.includes(':accesspoint/');
  const levels = new Set<ResourceLevel>();
  if (compileGlob(tokens)(ownerArn)) levels.add(accessPoint ? 'access-point' : 'bucket');
  if (canMatchPrefix(tokens, accessPoint ? `${ownerArn}/object/` : `${ownerArn}/`)) {
    levels.add(accessPoint ? 'access-point-object' : 'object');
  }
  return levels;
}

/** The same when the bucket is not known: judged by the shape of the ARN alone. */
export function levelsByShape(pattern: string, variables: boolean): Set<ResourceLevel> {
  if (pattern === '*') return new Set(['bucket', 'object', 'access-point', 'access-point-object']);
  const segments = splitArn(pattern);
  const name = segments?.[5];
  if (!segments || !name || segments[0] !== 'arn' || segments[2] !== 's3') return new Set();
  const open = hasWildcard(widest(parseTemplate(name, { wildcards: true, variables })));
  const accessPoint = name.startsWith('accesspoint/');
  const object = accessPoint ? name.includes('/object/') : name.includes('/');
  const levels = new Set<ResourceLevel>();
  if (!object) levels.add(accessPoint ? 'access-point' : 'bucket');
  if (object || open) levels.add(accessPoint ? 'access-point-object' : 'object');
  return levels;
}
