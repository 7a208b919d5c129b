/** Reads `YYYYMMDDThhmmssZ`; undefined for another shape or a moment that does not exist. */
export function parseAmzDate(text: string): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const moment = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Refuses 31 February and 24:00:00, which Date would roll over into another day.
  return moment.getUTCDate() === Number(day) ? moment : undefined;
}

/** `YYYYMMDDThhmmssZ` */
export function formatAmzDate(moment: Date): string {
  return `${moment.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
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

/** Whether `YYYYMMDD` names a day that exists. */
export function isScopeDate(text: string): boolean {
  return parseAmzDate(`${text}T000000Z`) !== undefined;
}
