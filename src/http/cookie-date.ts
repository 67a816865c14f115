/** Dates of the attribute Expires, as user agents read them (RFC 6265bis section 5.1.1): more forms than those of other fields. */

const DELIMITERS = /[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/;
const TIME = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?$/s;
const DAY = /^(\d{1,2})(?:\D.*)?$/s;
const YEAR = /^(\d{2,4})(?:\D.*)?$/s;
const MONTH = /^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i;
const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec';
const FIRST_YEAR = 1601;

interface Found {
  time?: readonly number[];
  day?: number;
  month?: number;
  year?: number;
}

/** @returns Milliseconds since 1970; undefined if it is not a date. */
export function parseCookieDate(text: string): number | undefined {
  const found: Found = {};
  for (const token of text.split(DELIMITERS)) readToken(found, token);
  const { time, day = 0, month = -1, year = 0 } = found;
  const [hour = 24, minute = 60, second = 60] = time ?? [];
  if (month === -1 || year < FIRST_YEAR || hour > 23 || minute > 59 || second > 59) {
    return undefined;
  }
  const date = new Date(Date.UTC(year, month, day, hour, minute, second));
  return date.getUTCDate() === day && date.getUTCMonth() === month ? date.getTime() : undefined;
}

/** Each part is read once, from the first token that has its form. */
function readToken(found: Found, token: string): void {
  const time = found.time === undefined ? TIME.exec(token) : null;
  if (time !== null) {
    found.time = time.slice(1, 4).map(Number);
    return;
  }
  const day = found.day === undefined ? DAY.exec(token) : null;
  if (day !== null) {
    found.day = Number(day[1]);
    return;
  }
  const month = found.month === undefined ? MONTH.exec(token) : null;
  if (month !== null) {
    found.month = MONTHS.indexOf((month[1] as string).toLowerCase()) / 3;
    return;
  }
  const year = found.year === undefined ? YEAR.exec(token) : null;
  if (year !== null) found.year = fullYear(Number(year[1]));
}

function fullYear(year: number): number {
  if (year >= 70 && year <= 99) return year + 1900;
  return year < 70 ? year + 2000 : year;
}
