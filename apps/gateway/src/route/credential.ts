import type { Incoming } from '../listen/incoming.ts';

/** Service in the credential scope that a request claims, before anything of it is verified. */
export function claimedService({ headers, target }: Incoming): string | undefined {
  const fromHeader = /Credential=[^/,\s]+\/\d{8}\/[^/,\s]+\/([^/,\s]+)\/aws4_request/.exec(headers.authorization ?? '');
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
