import { s3Error, type BucketContext } from '@coffer/contracts';
import type { ParsedAuth } from '@coffer/sigv4';
import { SignatureError } from '@coffer/sigv4';
import type { Incoming } from '../listen/incoming.ts';

/** `x-amz-expected-bucket-owner`: the client's own guard against a bucket that changed hands. */
export function checkExpectedOwner(incoming: Incoming, header: string, context: BucketContext | undefined): void {
  const expected = incoming.headers[header];
  if (expected === undefined) return;
  if (!/^\d{12}$/.test(String(expected))) throw s3Error('InvalidBucketOwnerAWSAccountID');
  if (context && context.ownerAccountId !== expected) throw s3Error('AccessDenied');
}

/** A request signed for another region than the bucket's; SDKs read the right one from the error and sign again. */
export function checkRegion(auth: ParsedAuth, context: BucketContext): void {
  if (!('scope' in auth) || auth.scope.region === context.region) return;
  const wrong = `the region '${auth.scope.region}' is wrong; expecting '${context.region}'`;
  const presigned = auth.kind === 'v4-query';
  throw new SignatureError({
    code: presigned ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed',
    status: 400,
    message: presigned
      ? `Error parsing the X-Amz-Credential parameter; ${wrong}`
      : `The authorization header is malformed; ${wrong}`,
    reason: 'malformed',
    extras: { Region: context.region },
  });
}
