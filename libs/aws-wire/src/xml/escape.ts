// Beyond the five of XML: line ends (a parser would fold CR into a newline), and characters that XML 1.0 cannot hold
// as such. Clients' parsers accept references to them, which is how S3 answers with such keys too.
// eslint-disable-next-line no-control-regex
const SPECIAL = /[&<>"'\x00-\x08\x0a-\x1f\x7f\x85\u2028\ufffe\uffff]/g;
// eslint-disable-next-line no-control-regex
const NEEDS = /[&<>"'\x00-\x08\x0a-\x1f\x7f\x85\u2028\ufffe\uffff]/;

const NAMED = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
  ['\r', '&#13;'],
  // No parser accepts a reference to NUL; a text that a refusal repeats may hold one.
  ['\0', '&#xFFFD;'],
]);

/** Text of an element or of a double-quoted attribute. */
export function escapeXml(text: string): string {
  if (!NEEDS.test(text)) return text;
  return text.replace(SPECIAL, (c) => NAMED.get(c) ?? `&#x${c.charCodeAt(0).toString(16).toUpperCase()};`);
}
