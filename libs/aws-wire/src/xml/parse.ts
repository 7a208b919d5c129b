import { limits } from '../limits.ts';

/** One element of a document: names without their prefix, text with CDATA and references resolved. */
export interface XmlElement {
  readonly name: string;
  readonly children: XmlElement[];
  /** All text directly inside the element, joined. */
  text: string;
  /** Attributes by local name, namespace declarations left out; undefined when there are none. */
  attributes: Map<string, string> | undefined;
}

/** The document is not well-formed, uses what is refused (DOCTYPE, entities), or is beyond a limit. */
export class XmlSyntaxError extends Error {}

const NAME = /[A-Za-z_:\u00c0-\u{effff}][\w.:\-\u00b7-\u{effff}]*/uy;
const SPACE = /[ \t\r\n]*/y;
const PREDEFINED = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/**
 * Resolves character references and the five predefined entities. References to control characters are accepted,
 * beyond XML 1.0, because S3 clients write keys that hold them this way; NUL and surrogates are not.
 */
function resolve(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&]*)(;?)/g, (_whole, body: string, semicolon: string) => {
    const named = PREDEFINED.get(body);
    if (semicolon && named !== undefined) return named;
    const numeric = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(body);
    const code = numeric ? parseInt(numeric[1] ?? numeric[2] ?? '', numeric[1] ? 16 : 10) : 0;
    if (!semicolon || code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      throw new XmlSyntaxError('a reference to an undeclared entity or to no character');
    }
    return String.fromCodePoint(code);
  });
}

/**
 * A strict reader of the documents that requests carry: one root, matching tags, no DOCTYPE and so no entities of its
 * own, bounded depth, element and attribute count. It does not recurse, so nesting cannot exhaust the stack.
 */
class Scanner {
  readonly #source: string;
  #at = 0;
  #elements = 0;

  constructor(source: string) {
    // XML 1.0 section 2.11: every line end is one newline. References to CR are resolved later and stay.
    this.#source = source.replace(/\r\n?/g, '\n');
  }

  document(): XmlElement {
    if (this.#source.startsWith('\ufeff')) this.#at = 1;
    if (/^<\?xml[ \t\n]/.test(this.#source.slice(this.#at, this.#at + 6))) this.#skipPast('?>');
    this.#misc();
    const root = this.#tree();
    this.#misc();
    if (this.#at < this.#source.length) throw new XmlSyntaxError('content after the root element');
    return root;
  }

  #tree(): XmlElement {
    const open: { element: XmlElement; tag: string }[] = [];
    const first = this.#startTag();
    if (first.closed) return first.element;
    open.push(first);
    for (;;) {
      const top = open.at(-1);
      if (!top) throw new XmlSyntaxError('unbalanced tags');
      this.#text(top.element);
      if (this.#source.startsWith('</', this.#at)) {
        this.#endTag(top.tag);
        open.pop();
        if (open.length === 0) return top.element;
      } else if (this.#source.startsWith('<!--', this.#at)) {
        this.#comment();
      } else if (this.#source.startsWith('<![CDATA[', this.#at)) {
        top.element.text += this.#characters(this.#skipPast(']]>').slice(9, -3));
      } else if (this.#source.startsWith('<?', this.#at)) {
        this.#skipPast('?>');
      } else {
        const next = this.#startTag();
        top.element.children.push(next.element);
        if (next.closed) continue;
        if (open.length >= limits.xmlDepth) throw new XmlSyntaxError('elements are nested too deeply');
        open.push(next);
      }
    }
  }

  #characters(text: string): string {
    if (FORBIDDEN.test(text)) throw new XmlSyntaxError('a character that XML does not allow');
    return text;
  }

  #text(element: XmlElement): void {
    const next = this.#source.indexOf('<', this.#at);
    if (next < 0) throw new XmlSyntaxError('an element is not closed');
    if (next === this.#at) return;
    const raw = this.#source.slice(this.#at, next);
    if (raw.includes(']]>')) throw new XmlSyntaxError('the end of a CDATA section outside one');
    element.text += resolve(this.#characters(raw));
    this.#at = next;
  }

  #startTag(): { element: XmlElement; tag: string; closed: boolean } {
    if (this.#source[this.#at] !== '<') throw new XmlSyntaxError('an element was expected');
    this.#at++;
    const tag = this.#name();
    if (++this.#elements > limits.xmlElements) throw new XmlSyntaxError('too many elements');
    const element: XmlElement = { name: localName(tag), children: [], text: '', attributes: undefined };
    const seen = new Set<string>();
    for (;;) {
      const spaced = this.#space();
      if (this.#take('/>')) return { element, tag, closed: true };
      if (this.#take('>')) return { element, tag, closed: false };
      if (!spaced) throw new XmlSyntaxError('a tag is not closed');
      const name = this.#name();
      if (seen.has(name) || seen.size === limits.xmlAttributes) throw new XmlSyntaxError('bad attributes');
      seen.add(name);
      const value = this.#attributeValue();
      if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
      element.attributes ??= new Map();
      element.attributes.set(localName(name), value);
    }
  }

  #attributeValue(): string {
    this.#space();
    if (!this.#take('=')) throw new XmlSyntaxError('an attribute has no value');
    this.#space();
    const quote = this.#source[this.#at];
    if (quote !== '"' && quote !== "'") throw new XmlSyntaxError('an attribute value is not quoted');
    const end = this.#source.indexOf(quote, this.#at + 1);
    if (end < 0) throw new XmlSyntaxError('an attribute value is not closed');
    const raw = this.#characters(this.#source.slice(this.#at + 1, end));
    if (raw.includes('<')) throw new XmlSyntaxError('< in an attribute value');
    this.#at = end + 1;
    return resolve(raw.replace(/[\t\n]/g, ' '));
  }

  #endTag(tag: string): void {
    this.#at += 2;
    if (this.#name() !== tag) throw new XmlSyntaxError('tags do not match');
    this.#space();
    if (!this.#take('>')) throw new XmlSyntaxError('an end tag is not closed');
  }

  #misc(): void {
    for (;;) {
      this.#space();
      if (this.#source.startsWith('<!--', this.#at)) this.#comment();
      else if (this.#source.startsWith('<?', this.#at)) this.#skipPast('?>');
      else if (this.#source.startsWith('<!', this.#at)) throw new XmlSyntaxError('a DOCTYPE is refused');
      else return;
    }
  }

  #comment(): void {
    if (this.#skipPast('-->', 4).slice(4, -3).includes('--')) throw new XmlSyntaxError('-- in a comment');
  }

  /** Moves behind the next `end` and returns what was passed; the search starts `skip` characters on. */
  #skipPast(end: string, skip = 2): string {
    const found = this.#source.indexOf(end, this.#at + skip);
    if (found < 0) throw new XmlSyntaxError(`${end} is missing`);
    const passed = this.#source.slice(this.#at, found + end.length);
    this.#at = found + end.length;
    return passed;
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const name = NAME.exec(this.#source)?.[0];
    if (name === undefined) throw new XmlSyntaxError('a name was expected');
    this.#at += name.length;
    return name;
  }

  #space(): boolean {
    SPACE.lastIndex = this.#at;
    const length = SPACE.exec(this.#source)?.[0].length ?? 0;
    this.#at += length;
    return length > 0;
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Parses a UTF-8 document. Throws XmlSyntaxError. */
export function parseXml(body: Buffer | string): XmlElement {
  let source: string;
  try {
    source = typeof body === 'string' ? body : utf8.decode(body);
  } catch {
    throw new XmlSyntaxError('not UTF-8');
  }
  return new Scanner(source).document();
}
