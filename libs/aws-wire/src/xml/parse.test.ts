import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { parseXml, XmlSyntaxError } from './parse.ts';

describe('parseXml', () => {
  it('reads elements, attributes, text, CDATA, comments and references', () => {
    const root = parseXml(
      '\ufeff<?xml version="1.0"?><!-- c --><a:R xmlns:a="urn:x" a:k="1 &amp; 2">x<b/><!-- c --><c>&lt;<![CDATA[<&]]>&#x41;&#66;</c> y</a:R>\n',
    );
    expect(root.name).toBe('R');
    expect(root.attributes).toEqual(new Map([['k', '1 & 2']]));
    expect(root.text).toBe('x y');
    expect(root.children.map((child) => [child.name, child.text])).toEqual([
      ['b', ''],
      ['c', '<<&AB'],
    ]);
  });

  it('folds line ends, but keeps a CR that is written as a reference', () => {
    expect(parseXml('<a>1\r\n2\r3&#13;4&#x1;</a>').text).toBe('1\n2\n3\r4\u0001');
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseXml(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]))).toThrow(XmlSyntaxError);
  });

  it.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['text only', 'hello'],
    ['an open element', '<a>'],
    ['an open tag', '<a'],
    ['tags that do not match', '<a></b>'],
    ['a closing tag with another prefix', '<x:a xmlns:x="u"></a>'],
    ['crossed tags', '<a><b></a></b>'],
    ['two roots', '<a/><b/>'],
    ['text after the root', '<a/>x'],
    ['a declaration that is not first', '<a/><?xml version="1.0"?'],
    ['a DOCTYPE', '<!DOCTYPE a><a/>'],
    ['a DOCTYPE with entities', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['an entity that nothing declares', '<a>&x;</a>'],
    ['an HTML entity', '<a>&nbsp;</a>'],
    ['a bare ampersand', '<a>a & b</a>'],
    ['an unfinished reference', '<a>&lt</a>'],
    ['a reference to NUL', '<a>&#0;</a>'],
    ['a reference to a surrogate', '<a>&#xD800;</a>'],
    ['a reference beyond Unicode', '<a>&#x110000;</a>'],
    ['a raw control character', '<a>\u0001</a>'],
    ['an unquoted attribute', '<a b=c/>'],
    ['an attribute without value', '<a b/>'],
    ['a repeated attribute', '<a b="1" b="2"/>'],
    ['attributes without space', '<a b="1"c="2"/>'],
    ['< in an attribute', '<a b="<"/>'],
    ['an open comment', '<a><!-- </a>'],
    ['a comment that is too short', '<a><!--></a>'],
    ['-- in a comment', '<a><!-- a -- b --></a>'],
    ['an open CDATA section', '<a><![CDATA[</a>'],
    [']]> in text', '<a>]]></a>'],
    ['a name that starts with a digit', '<1a/>'],
  ])('refuses %s', (_what, text) => {
    expect(() => parseXml(text)).toThrow(XmlSyntaxError);
  });

  it('bounds depth, number of elements and attributes', () => {
    const nested = (depth: number): string => '<a>'.repeat(depth) + '</a>'.repeat(depth);
    expect(parseXml(nested(limits.xmlDepth)).name).toBe('a');
    expect(() => parseXml(nested(limits.xmlDepth + 1))).toThrow('nested too deeply');
    expect(() => parseXml('<a>'.repeat(300_000))).toThrow('nested too deeply');

    const many = (count: number): string => `<a>${'<b/>'.repeat(count - 1)}</a>`;
    expect(parseXml(many(limits.xmlElements)).children).toHaveLength(limits.xmlElements - 1);
    expect(() => parseXml(many(limits.xmlElements + 1))).toThrow('too many elements');

    const attributes = Array.from({ length: limits.xmlAttributes + 1 }, (_, i) => ` a${i}="1"`).join('');
    expect(() => parseXml(`<a${attributes}/>`)).toThrow('bad attributes');
  });

  it('takes time in proportion to the size, whatever the document', () => {
    const hostile = [
      '<a>' + '&'.repeat(1_000_000),
      `<a b="${'&amp;'.repeat(200_000)}"/>`,
      '<a' + ' '.repeat(1_000_000),
      '<a>' + '<!--'.repeat(250_000),
    ];
    const start = performance.now();
    for (const text of hostile) {
      try {
        parseXml(text);
      } catch (error) {
        expect(error).toBeInstanceOf(XmlSyntaxError);
      }
    }
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
