import { operations, type Api } from '../api.ts';
import { invalidUri, percentDecode, type Target } from '../percent.ts';
import { WireError } from '../wire-error.ts';
import type { Route, WireRequest } from './types.ts';

/** A path template such as `/{accountId}/vaults/{vaultName}`, cut at its slashes. */
interface Template {
  readonly operation: string;
  readonly segments: readonly Segment[];
  readonly literals: readonly (readonly [name: string, value: string])[];
  /** Higher is more specific: literal segments and query literals count, a greedy label counts against. */
  readonly rank: number;
}

type Segment =
  { readonly kind: 'literal'; readonly text: string } | { readonly kind: 'label' | 'greedy'; readonly name: string };

const compiled = new Map<Api, ReadonlyMap<string, readonly Template[]>>();

function segmentOf(text: string): Segment {
  const label = /^\{([^{}+]+)(\+?)\}$/.exec(text);
  if (!label) return { kind: 'literal', text };
  return { kind: label[2] ? 'greedy' : 'label', name: label[1] ?? '' };
}

function templatesOf(api: Api): ReadonlyMap<string, readonly Template[]> {
  const known = compiled.get(api);
  if (known) return known;
  const byMethod = new Map<string, Template[]>();
  for (const operation of operations(api).values()) {
    const [path = '', search = ''] = operation.uri.split('?');
    const segments = path.slice(1).split('/').map(segmentOf);
    const literals = [...new URLSearchParams(search)];
    const rank =
      segments.filter((s) => s.kind === 'literal').length * 2 +
      literals.length -
      (segments.some((s) => s.kind === 'greedy') ? 1 : 0);
    const list = byMethod.get(operation.method) ?? [];
    list.push({ operation: operation.name, segments, literals, rank });
    byMethod.set(operation.method, list);
  }
  for (const list of byMethod.values()) list.sort((a, b) => b.rank - a.rank);
  compiled.set(api, byMethod);
  return byMethod;
}

/** Raw values of the labels when the path fits the template. */
function match(template: Template, parts: readonly string[]): Map<string, string> | undefined {
  const { segments } = template;
  const greedy = segments.findIndex((s) => s.kind === 'greedy');
  if (greedy < 0 ? parts.length !== segments.length : parts.length < segments.length) return undefined;
  const labels = new Map<string, string>();
  const extra = parts.length - segments.length;
  let at = 0;
  for (const segment of segments) {
    if (segment.kind === 'greedy') {
      labels.set(segment.name, parts.slice(at, at + extra + 1).join('/'));
      at += extra + 1;
      continue;
    }
    const part = parts[at++] ?? '';
    if (segment.kind === 'literal') {
      if (part !== segment.text) return undefined;
    } else if (part === '') {
      return undefined;
    } else {
      labels.set(segment.name, part);
    }
  }
  return labels;
}

/** Routes S3 Control and Glacier by the path templates of their schemas. */
export function routeRest(api: 's3-control' | 'glacier', request: WireRequest, target: Target): Route {
  const parts = target.path.slice(1).split('/');
  for (const template of templatesOf(api).get(request.method) ?? []) {
    const raw = match(template, parts);
    if (!raw || !template.literals.every(([name, value]) => target.query.get(name) === value)) continue;
    const labels = new Map<string, string>();
    for (const [name, value] of raw) {
      const decoded = percentDecode(value, false);
      if (decoded === undefined) throw invalidUri(target.path);
      labels.set(name, decoded);
    }
    const account = api === 'glacier' ? labels.get('accountId') : request.headers['x-amz-account-id'];
    return {
      api,
      operation: template.operation,
      query: target.query,
      pairs: target.pairs,
      labels,
      virtualHost: false,
      ...(typeof account === 'string' ? { accountId: account } : {}),
    };
  }
  if (api === 'glacier') throw new WireError('UnknownOperationException', { api });
  throw new WireError('MethodNotAllowed', { extras: { Method: request.method, ResourceType: 'SERVICE' }, api });
}
