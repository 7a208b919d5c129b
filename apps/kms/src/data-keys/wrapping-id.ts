import { SealError, wrappingKeyId } from '@coffer/sealed-stream';

const SHAPE = /^([0-9a-f-]{36})\/([1-9][0-9]{0,8})$/;

/** The id inside a wrapped data key: the key and the generation of its material, `<key id>/<generation>`. */
export function wrappingId(keyId: string, generation: number): string {
  return `${keyId}/${generation}`;
}

/** Key and generation that a wrapped data key names, or undefined when it is not one of ours. */
export function readWrappingId(wrapped: Uint8Array): { keyId: string; generation: number } | undefined {
  try {
    const match = SHAPE.exec(wrappingKeyId(wrapped));
    if (match === null) return undefined;
    return { keyId: match[1] as string, generation: Number(match[2]) };
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}
