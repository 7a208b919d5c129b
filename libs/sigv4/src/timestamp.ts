/** Reads `YYYYMMDDThhmmssZ`; undefined for another shape or a moment that does not exist. */
export function parseAmzDate(text: string): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second] = parts.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (year < FIRST_YEAR || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  const moment = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Refuses 31 February, which Date rolls over into another month.
  return moment.getUTCDate() === day ? moment : undefined;
}

/** `Date.UTC` takes smaller ones for years of the twentieth century. */
const FIRST_YEAR = 100;

/** Requests that come one after the other mostly name the same second. */
let lastFormatted = { second: Number.NaN, text: '' };

/** `YYYYMMDDThhmmssZ` */
export function formatAmzDate(moment: Date): string {
  const second = Math.floor(moment.getTime() / 1000);
  if (second !== lastFormatted.second) {
    lastFormatted = { second, text: `${moment.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z` };
  }
  return lastFormatted.text;
}

/** `YYYY-MM-DDThh:mm:ssZ`, the form of times in S3's error documents. */
export function formatErrorTime(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}

const HTTP_DATE = /^(?:[A-Za-z]{3}, )?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{4})$/;

/** Reads what a `Date` or `x-amz-date` header may hold: the basic ISO form or an RFC 1123 date. */
export function parseDateHeader(text: string): Date | undefined {
  const basic = parseAmzDate(text);
  if (basic || !HTTP_DATE.test(text)) return basic;
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

let lastScopeDate = '';

/** Whether `YYYYMMDD` names a day that exists. */
export function isScopeDate(text: string): boolean {
  if (text === lastScopeDate) return true;
  if (parseAmzDate(`${text}T000000Z`) === undefined) return false;
  lastScopeDate = text;
  return true;
}
