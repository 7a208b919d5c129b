/** What is looked for, in one of the forms in which it could lie in a file. */
export interface Needle {
  /** Of which secret; never the secret itself, since it is printed. */
  readonly name: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** Bits of a Base64 character and of a byte. */
const CHARACTER = 6;
const BYTE = 8;

/**
 * The characters of the Base64 text that depend on nothing but these bytes, when `shift` other bytes stand before them in
 * their group of three.
 */
function base64At(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  const first = Math.ceil((shift * BYTE) / CHARACTER);
  const end = Math.floor(((shift + bytes.length) * BYTE) / CHARACTER);
  return text.slice(first, end);
}

/** Raw, hexadecimal in both cases, Base64 in both alphabets and at all three alignments. */
export function needlesOf(name: string, secret: Buffer | string): Needle[] {
  const bytes = Buffer.from(secret as string);
  if (bytes.length < 16) throw new RangeError(`${name} is too short to be looked for: chance would find it`);
  const forms = new Map<string, string | Buffer>([
    ['raw', bytes],
    ['hex', bytes.toString('hex')],
    ['HEX', bytes.toString('hex').toUpperCase()],
  ]);
  for (const shift of [0, 1, 2]) {
    const text = base64At(bytes, shift);
    forms.set(`base64 at ${shift}`, text);
    forms.set(`base64url at ${shift}`, text.replaceAll('+', '-').replaceAll('/', '_'));
  }
  const seen = new Set<string>();
  return [...forms].flatMap(([form, value]) => {
    const needle = { name, form, bytes: Buffer.from(value as string) };
    const same = needle.bytes.toString('latin1');
    if (seen.has(same)) return [];
    seen.add(same);
    return [needle];
  });
}
