import type { SignatureError } from './errors.ts';
import { TERMINAL } from './signing-key.ts';
import { isScopeDate } from './timestamp.ts';

export interface CredentialScope {
  /** `YYYYMMDD`, UTC */
  date: string;
  region: string;
  service: string;
}

/** The scope as it stands in strings to sign. */
export function scopeString(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/${TERMINAL}`;
}

export interface ScopeExpectations {
  /** Region names served, the first being the default; a function where services differ (IAM signs for one region). */
  regions: readonly string[] | ((service: string) => readonly string[]);
  /** Region that this very request must be signed for, for example that of its bucket. */
  expectedRegion?: string | undefined;
  /** Signing names served. */
  services: readonly string[];
}

/** Makes the error of the place that the credential was found in. */
export type Complain = (detail: string, extras?: Readonly<Record<string, string>>) => SignatureError;

const ACCESS_KEY_ID = /^[\x21-\x2e\x30-\x7e]{1,128}$/;
const MAX_CREDENTIAL_LENGTH = 1024;

/**
 * Reads `AKID/YYYYMMDD/region/service/aws4_request` and checks that it is for here and for the day of the request.
 * @throws what `complain` makes; a wrong region carries `Region`, which SDKs use to sign again.
 */
export function readCredential(
  credential: string,
  amzDate: string,
  expectations: ScopeExpectations,
  complain: Complain,
): { accessKeyId: string; scope: CredentialScope } {
  const parts = credential.length > MAX_CREDENTIAL_LENGTH ? [] : credential.split('/');
  const [accessKeyId, date, region, service, terminal] = parts;
  if (parts.length !== 5 || !accessKeyId || !ACCESS_KEY_ID.test(accessKeyId) || !date || !region || !service) {
    throw complain(`the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/${TERMINAL}".`);
  }
  if (!isScopeDate(date)) {
    throw complain(`incorrect date format "${date}". This date in the credential must be in the format "yyyyMMdd".`);
  }
  if (terminal !== TERMINAL) {
    throw complain(`incorrect terminal "${terminal}". This endpoint uses "${TERMINAL}".`);
  }
  if (!expectations.services.includes(service)) {
    throw complain(`incorrect service "${service}". This endpoint belongs to "${expectations.services[0] ?? ''}".`);
  }
  const regions = typeof expectations.regions === 'function' ? expectations.regions(service) : expectations.regions;
  const expected = expectations.expectedRegion ?? regions[0] ?? '';
  const right = expectations.expectedRegion === undefined ? regions.includes(region) : region === expected;
  if (!right) {
    throw complain(`the region '${region}' is wrong; expecting '${expected}'`, { Region: expected });
  }
  if (date !== amzDate.slice(0, 8)) {
    throw complain(
      `Invalid credential date "${date}". This date is not the same as X-Amz-Date: "${amzDate.slice(0, 8)}".`,
    );
  }
  return { accessKeyId, scope: { date, region, service } };
}
