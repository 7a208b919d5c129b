import { expectation } from '@coffer/fuzz';
import { SignatureError } from '../../src/errors.ts';
import type { ParsedAuth } from '../../src/parsed-auth.ts';
import type { SignedRequest } from '../../src/request.ts';
import { checkStreamingHeaders } from '../../src/trailer.ts';
import { authenticate } from '../../src/testkit/authenticate.ts';

/** AWS's example keys; the corpus is signed with them. */
export const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
export const ACCESS_KEY_ID = 'AKIDEXAMPLE';
/** When the corpus was signed. */
export const NOW = new Date('2026-11-23T12:00:00Z');

const options = { now: NOW, regions: ['eu-central-1', 'us-east-1'], services: ['s3', 'iam', 'sts', 'kms'] };

/** A refusal is a client's error in AWS's words, and does not show the secret. */
export function refusal(error: unknown): string {
  if (!(error instanceof SignatureError)) throw error;
  expectation(error.status >= 400 && error.status < 500, `a refusal has a client's status, not ${error.status}`);
  const words = JSON.stringify([error.message, error.extras]);
  expectation(!words.includes(SECRET), 'a refusal shows no secret');
  return error.code;
}

/** Reads and verifies what a request claims, as gateway and identity do together. */
export function claim(request: SignedRequest): string {
  let parsed: ParsedAuth;
  try {
    parsed = authenticate(request, SECRET, options);
    if (parsed.payload.kind === 'streaming') checkStreamingHeaders(request.headers, parsed.payload);
  } catch (error) {
    return refusal(error);
  }
  return parsed.kind === 'anonymous' ? 'anonymous' : `verified ${parsed.kind}`;
}
