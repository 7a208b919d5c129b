import { describe, expect, it } from 'vitest';
import { corsHeaders, matchRule, VARY } from './match.ts';

const rule = {
  AllowedOrigins: ['https://*.example.com'],
  AllowedMethods: ['GET', 'PUT'],
  AllowedHeaders: ['x-amz-*', 'Content-Type'],
  ExposeHeaders: ['ETag', 'x-amz-request-id'],
  MaxAgeSeconds: 600,
};
const question = { origin: 'https://a.example.com', method: 'PUT', headers: [] as string[] };

describe('CORS rules', () => {
  it('match origin around one wildcard, case-sensitively, scheme and port included', () => {
    expect(matchRule([rule], question)).toBe(rule);
    for (const origin of [
      'http://a.example.com',
      'https://a.example.com:8443',
      'https://A.EXAMPLE.com',
      'https://example.com',
    ]) {
      expect(matchRule([rule], { ...question, origin })).toBeUndefined();
    }
  });

  it('match every requested header without regard to case', () => {
    expect(matchRule([rule], { ...question, headers: ['x-amz-date', 'content-type'] })).toBe(rule);
    expect(matchRule([rule], { ...question, headers: ['x-amz-date', 'x-other'] })).toBeUndefined();
  });

  it('take the first that fits', () => {
    const wide = { AllowedOrigins: ['*'], AllowedMethods: ['PUT'] };
    expect(matchRule([wide, rule], question)).toBe(wide);
    expect(matchRule([rule, wide], question)).toBe(rule);
    expect(matchRule([rule, wide], { ...question, method: 'DELETE' })).toBeUndefined();
  });

  it('do not let one wildcard overlap itself', () => {
    const tight = { AllowedOrigins: ['ab*ba'], AllowedMethods: ['GET'] };
    expect(matchRule([tight], { origin: 'aba', method: 'GET', headers: [] })).toBeUndefined();
    expect(matchRule([tight], { origin: 'abba', method: 'GET', headers: [] })).toBe(tight);
  });

  it('echo the origin with credentials, and never credentials with a literal *', () => {
    expect(corsHeaders(rule, { ...question, headers: ['x-amz-date'] })).toEqual({
      'Access-Control-Allow-Origin': 'https://a.example.com',
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Allow-Methods': 'GET, PUT',
      'Access-Control-Allow-Headers': 'x-amz-date',
      'Access-Control-Expose-Headers': 'ETag, x-amz-request-id',
      'Access-Control-Max-Age': '600',
      Vary: VARY,
    });
    expect(corsHeaders({ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }, question)).toEqual({
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Methods': 'GET',
      Vary: VARY,
    });
  });
});
