import type { Api } from '@coffer/aws-wire';
import type { Need } from '../authorize/authorize.ts';
import type { ContextValue } from '../authorize/context-values.ts';
import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import type { Incoming } from '../listen/incoming.ts';
import type { Route } from '@coffer/aws-wire';

export interface NeedsInput {
  readonly route: Route;
  readonly incoming: Incoming;
  readonly input: Record<string, unknown>;
  /** ARN of the caller; empty for anonymous. */
  readonly arn: string;
  /** Account of the caller; empty for anonymous. */
  readonly accountId: string;
}

/** An operation that is served: what it takes to be allowed, and what it does. */
export interface Operation {
  readonly api: Api;
  readonly name: string;
  /** A mutation's record is stored by the owner together with the change. */
  readonly mutates: boolean;
  /** `existing`: the bucket named by the request must be there before anything is decided. */
  readonly bucket: 'existing' | 'none';
  /** The permissions depend on what the body says; otherwise the request is decided before its body is read. */
  readonly needsBody?: boolean;
  /** Policies may ask about the tags of the object: the request is decided when the object is found. */
  readonly readsObject?: boolean;
  /** The permissions it needs; an empty list is allowed to everybody who is authenticated. */
  readonly needs: (request: NeedsInput, gateway: Gateway) => readonly Need[] | Promise<readonly Need[]>;
  readonly perform: (exchange: Exchange, gateway: Gateway) => Promise<Answer>;
}

export const bucketArn = (bucket: string): string => `arn:aws:s3:::${bucket}`;
export const objectArn = (bucket: string, key: string): string => `arn:aws:s3:::${bucket}/${key}`;

type PlainNeeds = (request: NeedsInput) => Need[];

export function onBucket(...actions: string[]): PlainNeeds {
  return ({ route }) => actions.map((action) => ({ action, resource: bucketArn(route.bucket ?? '') }));
}

/** `versioned` replaces the action when the request names a version. */
export function onObject(action: string, versioned: string = action): PlainNeeds {
  return ({ route }) => [
    {
      action: route.query.has('versionId') ? versioned : action,
      resource: objectArn(route.bucket ?? '', route.key ?? ''),
    },
  ];
}

/** Tags that a request brings, as condition keys. */
export function requestTagKeys(tags: Iterable<{ Key: string; Value: string }>): ReadonlyMap<string, ContextValue> {
  const values = new Map<string, ContextValue>();
  const names: string[] = [];
  for (const { Key, Value } of tags) {
    values.set(`s3:requestobjecttag/${Key.toLowerCase()}`, Value);
    names.push(Key);
  }
  if (names.length > 0) values.set('s3:requestobjecttagkeys', names);
  return values;
}
