import { describe, expect, it } from 'vitest';
import { headerTags, refuseUnsupported, storedHeaders } from './stored-headers.ts';

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

describe('ACL headers of a write', () => {
  const refuse = (headers: Record<string, string>, ownership = 'BucketOwnerEnforced') =>
    refuseUnsupported({ incoming: { headers }, input: {} } as never, { context: { ownership } } as never);

  it('may say what is so anyway', () => {
    for (const acl of ['private', 'bucket-owner-full-control']) refuse({ 'x-amz-acl': acl });
    refuse({});
  });

  it.each<Record<string, string>>([
    { 'x-amz-acl': 'public-read' },
    { 'x-amz-grant-read': 'id=a' },
    { 'x-amz-grant-full-control': 'id=a' },
  ])('%j needs a bucket with ACLs, and those are not here yet', (headers) => {
    expect(() => refuse(headers)).toThrow(fault('AccessControlListNotSupported'));
    expect(() => refuse(headers, 'ObjectWriter')).toThrow(
      expect.objectContaining({ code: 'NotImplemented', extras: { Header: Object.keys(headers)[0] } }),
    );
  });

  it('are read strictly', () => {
    expect(() => refuse({ 'x-amz-acl': 'foo' })).toThrow(fault('InvalidArgument'));
    expect(() => refuse({ 'x-amz-acl': 'private', 'x-amz-grant-read': 'id=a' })).toThrow(fault('InvalidRequest'));
  });
});

describe('headerTags', () => {
  it('reads pairs as a query string is written', () => {
    expect(headerTags(undefined)).toEqual([]);
    expect(headerTags('')).toEqual([]);
    expect(headerTags('a=1&b&c%40=d%3D+e&%C3%BC=%E6%97%A5')).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '' },
      { Key: 'c@', Value: 'd= e' },
      { Key: 'ü', Value: '日' },
    ]);
  });

  it('tells names that differ in case apart', () => {
    expect(headerTags('class=secret&Class=open')).toHaveLength(2);
  });

  it.each(['a=1&a=2', '=1', '&', 'a=1&', '%zz=1', 'a=%zz', 'a%26=1', 'a=%3Cb%3E', '%F0%9F%98%80=1'])(
    'refuses "%s"',
    (header) => {
      expect(() => headerTags(header)).toThrow(fault('InvalidArgument'));
    },
  );

  it('leaves names that AWS keeps for itself to it', () => {
    expect(() => headerTags('aws:x=1')).toThrow(fault('InvalidTag'));
    expect(headerTags('aws=1&AWS:x=1')).toHaveLength(2);
  });

  it('counts: ten tags, 128 characters of a name, 256 of a value', () => {
    const tags = (count: number) => Array.from({ length: count }, (_, n) => `t${n}=x`).join('&');
    expect(headerTags(tags(10))).toHaveLength(10);
    expect(() => headerTags(tags(11))).toThrow(fault('BadRequest'));
    expect(headerTags(`${encodeURIComponent('𠀀'.repeat(128))}=x`)).toHaveLength(1);
    expect(() => headerTags(`${'a'.repeat(129)}=x`)).toThrow(fault('InvalidTag'));
    expect(headerTags(`a=${'b'.repeat(256)}`)).toHaveLength(1);
    expect(() => headerTags(`a=${'b'.repeat(257)}`)).toThrow(fault('InvalidTag'));
  });
});
