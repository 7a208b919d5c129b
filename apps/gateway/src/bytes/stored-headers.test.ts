import { describe, expect, it } from 'vitest';
import { headerTags, storedHeaders } from './stored-headers.ts';

const fault = (code: string) => expect.objectContaining({ code, status: 400 });
/** As Node gives the UTF-8 bytes of a header. */
const onTheWire = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

describe('storedHeaders', () => {
  it('keeps the headers that belong to an object and no others', () => {
    const own = {
      'content-type': 'text/plain',
      'cache-control': 'no-cache',
      'content-disposition': 'inline',
      'content-language': 'de',
      'content-encoding': 'gzip',
      expires: 'Thu, 01 Dec 1994 16:00:00 GMT',
      'x-amz-website-redirect-location': '/other',
      'x-amz-storage-class': 'STANDARD_IA',
    };
    expect(
      storedHeaders({
        ...own,
        authorization: 'x',
        host: 'h',
        'x-amz-acl': 'private',
        'content-length': '1',
        'set-cookie': ['a'],
      }),
    ).toEqual(own);
  });

  it('gives a type to what has none, and an empty header is none', () => {
    expect(storedHeaders({})).toEqual({ 'content-type': 'binary/octet-stream' });
    expect(storedHeaders({ 'content-type': '', 'cache-control': '' })).toEqual({
      'content-type': 'binary/octet-stream',
    });
  });

  it('reads bytes as UTF-8, and as latin1 when they cannot be that', () => {
    const disposition = 'attachment; filename="日本é.txt"';
    expect(storedHeaders({ 'content-disposition': onTheWire(disposition) })['content-disposition']).toBe(disposition);
    expect(storedHeaders({ 'content-disposition': 'caf\xe9' })['content-disposition']).toBe('café');
  });

  it.each([
    ['aws-chunked', undefined],
    ['aws-chunked, gzip', 'gzip'],
    ['gzip,aws-chunked', 'gzip'],
    ['gzip, br', 'gzip,br'],
    [' , ', undefined],
  ])('of the encoding "%s" keeps what is the object’s: %s', (header, kept) => {
    expect(storedHeaders({ 'content-encoding': header })['content-encoding']).toBe(kept);
  });

  it('knows the ordinary storage classes; STANDARD is not shown', () => {
    expect(storedHeaders({ 'x-amz-storage-class': 'STANDARD' })).not.toHaveProperty('x-amz-storage-class');
    for (const name of ['GLACIER', 'DEEP_ARCHIVE', 'standard', 'X']) {
      expect(() => storedHeaders({ 'x-amz-storage-class': name })).toThrow(fault('InvalidStorageClass'));
    }
  });
});

describe('headerTags', () => {
  it('reads pairs as a query string is written', () => {
    expect(headerTags(undefined)).toEqual([]);
    expect(headerTags('')).toEqual([]);
    expect(headerTags('a=1&b&c%26=d%3D+e&%C3%BC=%E6%97%A5')).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '' },
      { Key: 'c&', Value: 'd= e' },
      { Key: 'ü', Value: '日' },
    ]);
  });

  it('tells names that differ in case apart', () => {
    expect(headerTags('class=secret&Class=open')).toHaveLength(2);
  });

  it.each(['a=1&a=2', '=1', '&', 'a=1&', '%zz=1', 'a=%zz'])('refuses "%s"', (header) => {
    expect(() => headerTags(header)).toThrow(fault('InvalidArgument'));
  });

  it('counts: ten tags, 128 characters of a name, 256 of a value', () => {
    const tags = (count: number) => Array.from({ length: count }, (_, n) => `t${n}=x`).join('&');
    expect(headerTags(tags(10))).toHaveLength(10);
    expect(() => headerTags(tags(11))).toThrow(fault('BadRequest'));
    expect(headerTags(`${encodeURIComponent('😀'.repeat(128))}=x`)).toHaveLength(1);
    expect(() => headerTags(`${'a'.repeat(129)}=x`)).toThrow(fault('InvalidTag'));
    expect(headerTags(`a=${'b'.repeat(256)}`)).toHaveLength(1);
    expect(() => headerTags(`a=${'b'.repeat(257)}`)).toThrow(fault('InvalidTag'));
  });
});
