import { s3Error } from '@coffer/contracts';

/**
 * AWS's `encoding-type=url`: UTF-8 percent-encoded, a space as `+`; letters, digits and `- _ . * /` stay.
 */
export function urlEncoded(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/')
    .replaceAll('%2A', '*')
    .replaceAll(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

export type Encode = (text: string) => string;

/** Encodes what a listing shows, when the request asked for it. @throws Fault InvalidArgument */
export function encoder(encodingType: string | undefined): Encode {
  if (encodingType !== undefined && encodingType !== 'url') {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: 'encoding-type', ArgumentValue: encodingType },
      { message: 'Invalid Encoding Method specified in Request' },
    );
  }
  return encodingType === 'url' ? urlEncoded : (text) => text;
}
