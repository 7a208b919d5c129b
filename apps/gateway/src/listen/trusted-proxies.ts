import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';

export interface Peer {
  address: string;
  secure: boolean;
}
export type ProxyTrust = (socketAddress: string, headers: IncomingHttpHeaders, encrypted: boolean) => Peer;

/** IPv4 written as IPv6 (`::ffff:10.0.0.1`) is the same peer as the plain form. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

/**
 * Who the client is. Only a peer inside `cidrs` may say so by `x-forwarded-for` (the last address that is not itself a
 * trusted proxy counts) and `x-forwarded-proto`; from anybody else these headers are nothing but text.
 */
export function proxyTrust(cidrs: readonly string[]): ProxyTrust {
  const trusted = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    const family = isIP(address);
    const width = bits === undefined ? (family === 6 ? 128 : 32) : Number(bits);
    if (family === 0 || !Number.isInteger(width) || width < 0 || width > (family === 6 ? 128 : 32)) {
      throw new Error(`COFFER_TRUSTED_PROXIES: '${cidr}' is no address range such as 10.0.0.0/8`);
    }
    trusted.addSubnet(address, width, family === 6 ? 'ipv6' : 'ipv4');
  }
  const isTrusted = (address: string) => {
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
  return (socketAddress, headers, encrypted) => {
    const peer = plain(socketAddress);
    if (cidrs.length === 0 || !isTrusted(peer)) return { address: peer, secure: encrypted };
    const forwarded = String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .map((item) => plain(item.trim()));
    let address = peer;
    for (const hop of forwarded.toReversed()) {
      if (isIP(hop) === 0) break;
      address = hop;
      if (!isTrusted(hop)) break;
    }
    return { address, secure: encrypted || headers['x-forwarded-proto'] === 'https' };
  };
}
