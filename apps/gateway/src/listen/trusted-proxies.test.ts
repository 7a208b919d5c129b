import { describe, expect, it } from 'vitest';
import { proxyTrust } from './trusted-proxies.ts';

const forged = { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https' };

describe('forwarded addresses', () => {
  it('count for nothing unless the peer is a configured proxy', () => {
    expect(proxyTrust([])('9.9.9.9', forged, false)).toEqual({ address: '9.9.9.9', secure: false });
    expect(proxyTrust(['10.0.0.0/8'])('9.9.9.9', forged, false)).toEqual({ address: '9.9.9.9', secure: false });
  });

  it('are believed from a trusted proxy, as far as the last hop that is none', () => {
    const trust = proxyTrust(['10.0.0.0/8', '::1']);
    expect(trust('10.1.1.1', forged, false)).toEqual({ address: '1.2.3.4', secure: true });
    expect(trust('::ffff:10.1.1.1', { 'x-forwarded-for': '6.6.6.6, 5.5.5.5, 10.2.2.2' }, false)).toEqual({
      address: '5.5.5.5',
      secure: false,
    });
    expect(trust('::1', { 'x-forwarded-for': 'nonsense' }, true)).toEqual({ address: '::1', secure: true });
  });

  it.each(['10.0.0.0/33', 'example.com', '10.0.0.0/x', '/8'])('refuse the range %s', (cidr) => {
    expect(() => proxyTrust([cidr])).toThrow(/COFFER_TRUSTED_PROXIES/);
  });
});
