import type { Incoming } from '../listen/incoming.ts';

const MAX_HEADER = 2048;
/** Bounded everywhere: this runs before anything of the request is trusted. */
const SCOPE = /\bCredential=[^/,\s]{1,128}\/\d{8}\/[^/,\s]{1,64}\/([^/,\s]{1,64})\/aws4_request/;

/** Service in the credential scope that a request claims, before anything of it is verified. */
export function claimedService({ headers, target }: Incoming): string | undefined {
  const fromHeader = SCOPE.exec((headers.authorization ?? '').slice(0, MAX_HEADER));
  if (fromHeader) return fromHeader[1];
  const query = target.indexOf('?');
  if (query < 0) return undefined;
  const credential = /[?&]X-Amz-Credential=([^&]{1,512})/.exec(target.slice(query));
  if (!credential) return undefined;
  try {
    return decodeURIComponent(credential[1] as string).split('/')[3];
  } catch {
    return undefined;
  }
}
