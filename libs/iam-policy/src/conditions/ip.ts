import ipaddr from 'ipaddr.js';

/** Says whether a parsed address lies in a range. */
export type IpRange = (address: IpAddress) => boolean;

/** An address: IPv4 as a number, IPv6 as sixteen bytes. IPv4 within IPv6 counts as IPv4. */
export type IpAddress =
  { readonly version: 4; readonly value: number } | { readonly version: 6; readonly bytes: readonly number[] };

/** Reads an address; undefined when it is none. Only dotted decimals and plain IPv6 are taken. */
export function parseIp(text: string): IpAddress | undefined {
  if (text.includes(':')) {
    if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
    const address = ipaddr.IPv6.parse(text);
    if (address.isIPv4MappedAddress()) return v4(address.toIPv4Address().octets);
    return { version: 6, bytes: address.toByteArray() };
  }
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  return v4(ipaddr.IPv4.parse(text).octets);
}

function v4(octets: readonly number[]): IpAddress {
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  return { version: 4, value: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0 };
}

/** An address range as `version` and length of its prefix in bits, with its matcher. */
export interface Cidr {
  readonly version: 4 | 6;
  readonly prefix: number;
  readonly contains: IpRange;
}

/** Reads `address/bits` or a single address; undefined when it is neither. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (!address) return undefined;
  // A mapped address (::ffff:10.0.0.0/104) has its prefix counted from the IPv6 start.
  const mapped = address.version === 4 && text.includes(':');
  const width = address.version === 4 && !mapped ? 32 : 128;
  const bits = slash < 0 ? String(width) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > width) return undefined;
  const prefix = mapped ? Number(bits) - 96 : Number(bits);
  if (prefix < 0) return undefined;
  return { version: address.version, prefix, contains: rangeOf(address, prefix) };
}

function rangeOf(base: IpAddress, prefix: number): IpRange {
  if (base.version === 4) {
    const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
    const network = (base.value & mask) >>> 0;
    return (address) => address.version === 4 && (address.value & mask) >>> 0 === network;
  }
  const whole = prefix >> 3;
  const rest = prefix & 7;
  const mask = (0xff << (8 - rest)) & 0xff;
  return (address) => {
    if (address.version !== 6) return false;
    for (let i = 0; i < whole; i += 1) if (address.bytes[i] !== base.bytes[i]) return false;
    return rest === 0 || ((address.bytes[whole] ?? 0) & mask) === ((base.bytes[whole] ?? 0) & mask);
  };
}
