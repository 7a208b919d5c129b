import type { BucketContext, ChildEntry, RequestRecord } from '@coffer/contracts';
import type { Route } from '@coffer/aws-wire';
import type { Authenticated } from '../authenticate/authenticate.ts';
import type { Verdict } from '../authorize/authorize.ts';
import type { Incoming } from '../listen/incoming.ts';

const MAX_URI = 4096;
const MAX_HEADER = 1024;
/** Whoever reads the record must not be able to use the URL again. */
const SECRET_PARAMETERS = new Set([
  'x-amz-signature',
  'x-amz-security-token',
  'signature',
  'x-amz-credential',
  'awsaccesskeyid',
]);

/** Cuts secrets out of a URL's query; names are compared decoded, since `X%2DAmz-Signature` verifies as well. */
export function withoutSecrets(url: string): string {
  const at = url.indexOf('?');
  if (at < 0) return url;
  const pairs = url.slice(at + 1).split('&');
  const kept = pairs.map((pair) => {
    const name = pair.split('=', 1)[0] as string;
    return isSecret(name) ? `${name}=-` : pair;
  });
  return `${url.slice(0, at)}?${kept.join('&')}`;
}

function isSecret(name: string): boolean {
  let decoded: string;
  try {
    decoded = decodeURIComponent(name).toLowerCase();
  } catch {
    return true;
  }
  return SECRET_PARAMETERS.has(decoded) || decoded.endsWith('-customer-key');
}

/** What is learnt about a request on its way through the stages, for its one record. */
export class Trail {
  private readonly facts: Partial<RequestRecord> = {};
  private readonly children: ChildEntry[] = [];

  constructor(
    private readonly incoming: Incoming,
    private readonly gateway: string,
    private readonly region: string,
    private readonly traceId: string | undefined,
  ) {}

  routed(route: Route): void {
    this.add({
      api: route.api,
      operation: route.operation || 'Unknown',
      ...(route.bucket === undefined ? {} : { bucket: route.bucket }),
      ...(route.key === undefined ? {} : { key: route.key }),
      ...(route.query.get('versionId') ? { versionId: route.query.get('versionId') as string } : {}),
    });
  }

  identified({ who, auth }: Authenticated): void {
    const { kind, arn, accountId, canonicalId, userId } = who.principal;
    this.add({
      requester: { kind, arn, accountId, canonicalId, userId },
      ...(who.accessKeyId === undefined ? {} : { accessKeyId: who.accessKeyId }),
      ...(auth.kind === 'anonymous'
        ? {}
        : {
            authType: auth.kind.endsWith('query') ? 'QueryString' : 'AuthHeader',
            signatureVersion: auth.kind.startsWith('v2') ? 'SigV2' : 'SigV4',
          }),
    });
  }

  within(context: BucketContext): void {
    this.add({ bucketId: context.bucketId, bucketOwner: context.ownerCanonicalId });
  }

  decided(verdict: Verdict): void {
    this.add({ decision: { allowed: verdict.allowed, reasons: verdict.reasons.slice(0, 50) } });
  }

  child(entry: ChildEntry): void {
    this.children.push(entry);
  }

  add(facts: Partial<RequestRecord>): void {
    Object.assign(this.facts, facts);
  }

  /** The record as it stands now. */
  record(phase: RequestRecord['phase'], finals: Partial<RequestRecord> = {}): RequestRecord {
    const { incoming } = this;
    return {
      api: 's3',
      operation: 'Unknown',
      ...this.facts,
      requestId: incoming.id,
      phase,
      time: incoming.time,
      gateway: this.gateway,
      region: this.region,
      method: incoming.method,
      uri: withoutSecrets(incoming.target).slice(0, MAX_URI),
      remoteIp: incoming.remoteIp,
      ...optional('host', incoming.host),
      ...optional('userAgent', incoming.headers['user-agent']),
      ...optional('referer', incoming.headers.referer && withoutSecrets(incoming.headers.referer)),
      ...(incoming.tls ? { tls: incoming.tls } : {}),
      ...(this.traceId === undefined ? {} : { traceId: this.traceId }),
      ...(this.children.length > 0 ? { children: this.children } : {}),
      ...finals,
    };
  }
}

function optional<Name extends string>(name: Name, value: string | undefined): { [K in Name]?: string } {
  return (value === undefined ? {} : { [name]: value.slice(0, MAX_HEADER) }) as { [K in Name]?: string };
}
