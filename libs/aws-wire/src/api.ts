import { createRequire } from 'node:module';
import { NormalizedSchema } from '@smithy/core/schema';

/** One AWS service API served on the endpoint. */
export type Api = 's3' | 's3-control' | 'kms' | 'glacier' | 'cloudtrail' | 'iam' | 'sts';

export type Protocol = 'rest-xml' | 'rest-json' | 'json-1.1' | 'query';

export interface ApiFacts {
  readonly protocol: Protocol;
  /** Service name in a SigV4 credential scope. */
  readonly signingName: string;
  /** Default XML namespace of its documents; empty for the JSON protocols. */
  readonly xmlNamespace: string;
  /** API version date, as the query protocol sends it. */
  readonly version: string;
}

const FACTS: Record<Api, ApiFacts> = {
  s3: {
    protocol: 'rest-xml',
    signingName: 's3',
    xmlNamespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
    version: '2006-03-01',
  },
  's3-control': {
    protocol: 'rest-xml',
    signingName: 's3',
    xmlNamespace: 'http://awss3control.amazonaws.com/doc/2018-08-20/',
    version: '2018-08-20',
  },
  kms: { protocol: 'json-1.1', signingName: 'kms', xmlNamespace: '', version: '2014-11-01' },
  glacier: { protocol: 'rest-json', signingName: 'glacier', xmlNamespace: '', version: '2012-06-01' },
  cloudtrail: { protocol: 'json-1.1', signingName: 'cloudtrail', xmlNamespace: '', version: '2013-11-01' },
  iam: {
    protocol: 'query',
    signingName: 'iam',
    xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    version: '2010-05-08',
  },
  sts: {
    protocol: 'query',
    signingName: 'sts',
    xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    version: '2011-06-15',
  },
};

/** Every API, in the order in which pages and tests list them. */
export const apis: readonly Api[] = ['s3', 's3-control', 'kms', 'glacier', 'cloudtrail', 'iam', 'sts'];

export function factsOf(api: Api): ApiFacts {
  return FACTS[api];
}

/** An operation as its SDK client describes it. */
export interface Operation {
  readonly api: Api;
  readonly name: string;
  /** Empty for the APIs that do not bind to HTTP (json-1.1 and query). */
  readonly method: string;
  readonly uri: string;
  /** Status of a success. */
  readonly success: number;
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
}

type OperationSchema = [9, string, string, { http?: [string, string, number] } | number, unknown, unknown];

const isOperation = (value: unknown): value is OperationSchema => Array.isArray(value) && value[0] === 9;

// The clients are loaded when an API is first used: an S3-only process never pays for the other six.
const require = createRequire(import.meta.url);
const loaded = new Map<Api, ReadonlyMap<string, Operation>>();

/** The operations of an API by name, in the order of their names. */
export function operations(api: Api): ReadonlyMap<string, Operation> {
  const known = loaded.get(api);
  if (known) return known;
  const client = require(`@aws-sdk/client-${api}`) as Record<string, unknown>;
  const found: Operation[] = [];
  for (const value of Object.values(client)) {
    if (!isOperation(value)) continue;
    const http = typeof value[3] === 'object' ? value[3].http : undefined;
    found.push({
      api,
      name: value[2],
      method: http?.[0] ?? '',
      uri: http?.[1] ?? '',
      success: http?.[2] ?? 200,
      input: NormalizedSchema.of(value[4] as never),
      output: NormalizedSchema.of(value[5] as never),
    });
  }
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  const byName = new Map(found.map((operation) => [operation.name, operation]));
  loaded.set(api, byName);
  return byName;
}

/** Names of every operation that AWS knows in an API, sorted, whether served here or not. */
export function operationsOf(api: Api): readonly string[] {
  return [...operations(api).keys()];
}
