import { describe, expect, it } from 'vitest';
import { compileTemplate, parseTemplate } from './template.ts';

const source = { variable: (key: string) => ({ 'aws:username': 'a*n', 'aws:userid': 'AIDA1' })[key] };
const match = (pattern: string, text: string, variables = true): boolean | undefined =>
  compileTemplate(parseTemplate(pattern, { wildcards: true, variables }))(text, source);

describe('policy variables', () => {
  it.each([
    ['home/${aws:username}/*', 'home/a*n/x', true],
    // A wildcard in a value is text, not a wildcard.
    ['home/${aws:username}/*', 'home/ann/x', false],
    ['${AWS:UserName}', 'a*n', true],
    ['${*}', '*', true],
    ['${*}', 'x', false],
    ['${?}', '?', true],
    ['${?}', 'x', false],
    ['${$}{aws:username}', '${aws:username}', true],
    ["${aws:none, 'guest'}", 'guest', true],
    ["${aws:username, 'guest'}", 'guest', false],
    ["${aws:none, 'a}b'}-*", 'a}b-c', true],
    ['${aws:none}', '', undefined],
    ['${aws:username', '${aws:username', true],
    ['${}', '${}', true],
  ])('%s against %s is %s', (pattern, text, expected) => {
    expect(match(pattern, text)).toBe(expected);
  });

  it('is literal text in the older version', () => {
    expect(match('${aws:userid}', 'AIDA1', false)).toBe(false);
    expect(match('${aws:userid}', '${aws:userid}', false)).toBe(true);
  });
});
