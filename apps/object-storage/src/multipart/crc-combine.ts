/*
 * CRC of a concatenation from the CRCs of its pieces. A CRC is linear over GF(2): appending n zero bytes multiplies the
 * register by x^(8n) modulo the polynomial, and crc(A|B) = crc(A)·x^(8·|B|) + crc(B) for the reflected CRCs that S3
 * knows, whose initial value and final XOR are both all ones. Multiplication by x^(8n) is done by squaring, so the cost
 * follows the logarithm of the length.
 */

export interface CrcKind {
  readonly bits: 32 | 64;
  /** Reflected: the coefficient of x^0 is the highest bit. */
  readonly polynomial: bigint;
}

/** The CRC algorithms of S3. Parameters: ISO-HDLC, iSCSI and NVMe in the catalogue of parametrised CRC algorithms. */
export const CRC_KINDS: ReadonlyMap<string, CrcKind> = new Map([
  ['CRC32', { bits: 32, polynomial: 0xedb88320n }],
  ['CRC32C', { bits: 32, polynomial: 0x82f63b78n }],
  ['CRC64NVME', { bits: 64, polynomial: 0x9a6c9329ac4bc9b5n }],
]);

/** The upper 32 bits of the register, and the lower ones, which only CRCs of 64 bits have. */
function halves(kind: CrcKind, value: bigint): [high: number, low: number] {
  return kind.bits === 32 ? [Number(value), 0] : [Number(value >> 32n), Number(value & 0xffffffffn)];
}

/**
 * Product of two reflected polynomials modulo the CRC's. On halves that are plain numbers: an object of 10,000 parts
 * takes some 300,000 of these, and nobody else is served meanwhile.
 */
function multiply(kind: CrcKind, a: bigint, b: bigint): bigint {
  const wide = kind.bits === 64;
  const [aHigh, aLow] = halves(kind, a);
  const [polynomialHigh, polynomialLow] = halves(kind, kind.polynomial);
  let [termHigh, termLow] = halves(kind, b);
  let high = 0;
  let low = 0;
  for (let bit = 0; bit < kind.bits; bit += 1) {
    const factor = bit < 32 ? aHigh >>> (31 - bit) : aLow >>> (63 - bit);
    if (factor & 1) {
      high ^= termHigh;
      low ^= termLow;
    }
    const carry = (wide ? termLow : termHigh) & 1;
    if (wide) termLow = (termLow >>> 1) | (termHigh << 31);
    termHigh >>>= 1;
    if (carry) {
      termHigh ^= polynomialHigh;
      termLow ^= polynomialLow;
    }
  }
  return wide ? (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0) : BigInt(high >>> 0);
}

/** x^(8·bytes) modulo the polynomial. */
function powerOfBytes(kind: CrcKind, bytes: number): bigint {
  const one = 1n << BigInt(kind.bits - 1);
  // x^8: in reflected form the highest bit moved down by eight.
  let square = one >> 8n;
  let power = one;
  for (let rest = BigInt(bytes); rest > 0n; rest >>= 1n) {
    if (rest & 1n) power = multiply(kind, power, square);
    square = multiply(kind, square, square);
  }
  return power;
}

/** CRC of A followed by B. @param lengthOfB in bytes */
export function combineCrc(kind: CrcKind, crcOfA: bigint, crcOfB: bigint, lengthOfB: number): bigint {
  return multiply(kind, crcOfA, powerOfBytes(kind, lengthOfB)) ^ crcOfB;
}

/** CRC of few bytes, bit by bit. */
export function crcOf(kind: CrcKind, bytes: Uint8Array): bigint {
  const ones = (1n << BigInt(kind.bits)) - 1n;
  let crc = ones;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ kind.polynomial : crc >> 1n;
  }
  return crc ^ ones;
}

/** S3 shows CRCs big-endian in base64. */
export function crcToBytes(kind: CrcKind, crc: bigint): Buffer {
  return Buffer.from(crc.toString(16).padStart(kind.bits / 4, '0'), 'hex');
}

export function crcFromBytes(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
}
