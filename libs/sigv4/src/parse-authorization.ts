import { authorizationHeaderMalformed, invalidArgument } from './errors.ts';
import { ALGORITHM } from './signing-key.ts';

export type AuthorizationHeader =
  | { scheme: 'v4'; credential: string; signedHeaders: string; signature: string }
  | { scheme: 'v2'; accessKeyId: string; signature: string };

const MAX_LENGTH = 8192;
const COMPONENTS = ['Credential', 'SignedHeaders', 'Signature'] as const;

/**
 * Takes an Authorization header apart, without judging what its parts say.
 * @throws 400 InvalidArgument for another scheme, 400 AuthorizationHeaderMalformed for parts missing, unknown or twice.
 */
export function parseAuthorization(header: string): AuthorizationHeader {
  if (header.length > MAX_LENGTH) throw authorizationHeaderMalformed('the header is too long.');
  const space = header.indexOf(' ');
  const scheme = space < 0 ? '' : header.slice(0, space);
  const rest = header.slice(space + 1).trim();
  if (scheme === 'AWS') return parseV2(rest);
  if (scheme !== ALGORITHM) {
    // The value is not repeated: it may be a bearer token or password meant for someone else.
    throw invalidArgument('Unsupported Authorization Type', 'Authorization', undefined, 'unknown-scheme');
  }
  const found = new Map<string, string>();
  for (const component of rest.split(',')) {
    const equals = component.indexOf('=');
    const name = component.slice(0, Math.max(equals, 0)).trim();
    if (!(COMPONENTS as readonly string[]).includes(name) || found.has(name)) {
      throw authorizationHeaderMalformed(`the authorization component "${component.trim()}" is malformed.`);
    }
    found.set(name, component.slice(equals + 1).trim());
  }
  const [credential, signedHeaders, signature] = COMPONENTS.map((name) => {
    const value = found.get(name);
    if (!value) throw authorizationHeaderMalformed(`missing ${name}.`, 'missing');
    return value;
  }) as [string, string, string];
  return { scheme: 'v4', credential, signedHeaders, signature };
}

function parseV2(rest: string): AuthorizationHeader {
  const parts = /^([\x21-\x2e\x30-\x39\x3b-\x7e]{1,128}):([A-Za-z0-9+/=]{1,128})$/.exec(rest);
  if (!parts) {
    throw invalidArgument('AWS authorization header is invalid.  Expected AwsAccessKeyId:signature', 'Authorization');
  }
  return { scheme: 'v2', accessKeyId: parts[1] as string, signature: parts[2] as string };
}
