import { parseAuth } from '../parse-auth.ts';
import type { ParsedAuth, ParseOptions } from '../parsed-auth.ts';
import type { SignedRequest } from '../request.ts';
import { deriveSigningKey } from '../signing-key.ts';
import { signatureDoesNotMatchV2, verifyV2 } from '../sigv2.ts';
import { SignatureError } from '../errors.ts';
import { verifyV4 } from '../verify.ts';

/** Parses, derives the key and verifies, as the gateway and identity do together. */
export function authenticate(request: SignedRequest, secret: string, options: ParseOptions): ParsedAuth {
  const parsed = parseAuth(request, options);
  if (parsed.kind === 'anonymous') return parsed;
  if (parsed.kind === 'v2-header' || parsed.kind === 'v2-query') {
    if (!verifyV2(parsed.stringToSign, parsed.signature, secret)) throw signatureDoesNotMatchV2(parsed);
    return parsed;
  }
  const { date, region, service } = parsed.scope;
  verifyV4(request, parsed, deriveSigningKey(secret, date, region, service));
  return parsed;
}

/** The SignatureError that `run` throws. */
export function refusal(run: () => unknown): SignatureError {
  try {
    run();
  } catch (error) {
    if (error instanceof SignatureError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Code, status, message and extras: what a client sees of a refusal. */
export function seen(error: SignatureError): Record<string, unknown> {
  return { code: error.code, status: error.status, message: error.message, extras: error.extras };
}
