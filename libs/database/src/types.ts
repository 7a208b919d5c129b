import type { CustomTypesConfig } from 'pg';
import { types } from 'pg';

const { builtins, getTypeParser } = types;
const INT8_ARRAY = 1016;
const DATE_ARRAY = 1182;
const TEXT_ARRAY = 1009;

type Parser = (value: string) => unknown;

/** @throws RangeError when the value is not exact as a number, rather than handing out a wrong one */
export function parseInt8(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`The int8 value ${value} does not fit a number exactly.`);
  return number;
}

const asText: Parser = (value) => value;
const stringArray = getTypeParser(TEXT_ARRAY as never, 'text') as (value: string) => (string | null)[];

const parsers = new Map<number, Parser>([
  [builtins.INT8, parseInt8],
  [INT8_ARRAY, (value) => stringArray(value).map((element) => (element === null ? null : parseInt8(element)))],
  // A date has no zone; as a Date it would move with the zone of the process.
  [builtins.DATE, asText],
  [DATE_ARRAY, stringArray],
]);

/** How columns are read. Given to each pool, so that nothing global changes. */
export const typeParsers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    const own = format === 'binary' ? undefined : parsers.get(oid);
    return own ?? getTypeParser(oid, format as 'text');
  }) as typeof types.getTypeParser,
};
