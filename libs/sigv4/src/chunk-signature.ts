import type { CredentialScope } from './credential-scope.ts';
import { scopeString } from './credential-scope.ts';
import { signatureDoesNotMatch } from './errors.ts';
import { EMPTY_SHA256, equalSignatures, sha256Hex, sign, spacedHex, type SigningKey } from './signing-key.ts';

export interface ChunkSigning {
  signingKey: SigningKey;
  /** Signature of the request itself. */
  seedSignature: string;
  scope: CredentialScope;
  amzDate: string;
}

/** The chain of signatures of one body: each covers the one before it, so none can be dropped, repeated or moved. */
export class ChunkSignatureChain {
  readonly #signing: ChunkSigning;
  #previous: string;

  constructor(signing: ChunkSigning) {
    this.#signing = signing;
    this.#previous = signing.seedSignature;
  }

  /** @throws 403 SignatureDoesNotMatch */
  verifyChunk(sha256: string, provided: string): void {
    this.#verify('AWS4-HMAC-SHA256-PAYLOAD', [EMPTY_SHA256, sha256], provided);
  }

  /** @throws 403 SignatureDoesNotMatch */
  verifyTrailers(canonicalTrailers: string, provided: string): void {
    this.#verify('AWS4-HMAC-SHA256-TRAILER', [sha256Hex(canonicalTrailers, 'latin1')], provided);
  }

  #verify(algorithm: string, hashes: readonly string[], provided: string): void {
    const { amzDate, scope, signingKey } = this.#signing;
    const stringToSign = [algorithm, amzDate, scopeString(scope), this.#previous, ...hashes].join('\n');
    const expected = sign(signingKey, stringToSign);
    if (!equalSignatures(expected, provided)) {
      throw signatureDoesNotMatch({
        StringToSign: stringToSign,
        SignatureProvided: provided,
        StringToSignBytes: spacedHex(Buffer.from(stringToSign, 'utf8')),
      });
    }
    this.#previous = expected;
  }
}
