import { createHash } from 'node:crypto';
import { md5 } from '../../harness/data.ts';
import { numberedBody } from '../contents.ts';

/** What may be written: a body that is known by its number, so that none has to be kept. */
export interface Value {
  /** Its name in a history. The same bytes uploaded whole and in parts have two, as they have two ETags. */
  readonly name: string;
  readonly number: number;
  readonly size: number;
  readonly etag: string;
}

/** All bodies of a run, and the ETags under which a server may show them. */
export class Values {
  #number = 0;
  readonly #byEtag = new Map<string, Value>();
  readonly #whole = new Map<number, Value>();

  /** A new one, with its bytes. */
  make(size: number): { readonly value: Value; readonly body: Buffer } {
    const number = (this.#number += 1);
    const body = numberedBody(number, size);
    const value = this.#known({ name: `#${number}`, number, size, etag: `"${md5(body)}"` });
    this.#whole.set(number, value);
    return { value, body };
  }

  #known(value: Value): Value {
    this.#byEtag.set(value.etag, value);
    return value;
  }

  /** The same bytes, uploaded in these parts. */
  inParts({ number, size }: Value, parts: readonly Buffer[]): Value {
    const digests = Buffer.concat(parts.map((part) => createHash('md5').update(part).digest()));
    return this.#known({ name: `#${number}p`, number, size, etag: `"${md5(digests)}-${parts.length}"` });
  }

  /** The same bytes, written at once. */
  whole(value: Value): Value {
    return this.#whole.get(value.number)!;
  }

  /** The value that has this ETag. */
  of(etag: string | undefined): Value | undefined {
    return etag === undefined ? undefined : this.#byEtag.get(etag);
  }
}

/** Whether these are the bytes of the value from this offset on. */
export function holds(value: Value, bytes: Buffer, from = 0, to: number = value.size): boolean {
  return numberedBody(value.number, value.size).subarray(from, to).equals(bytes);
}
