/** Dates in fields (RFC 9110 section 5.6.7). Times are whole or fractional milliseconds since 1970, as `Date.now()` returns them. */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';
const FORMATS = [
  // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(`^${DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  // asctime: Sun Nov  6 08:49:37 1994
  new RegExp(`^${DAY} ${MONTH} (?<day>\\d\\d| \\d) ${TIME} (?<year>\\d{4})$`),
];
const MIN_MS = -62_167_219_200_000; // the year 0
const MAX_MS = 253_402_300_799_999; // the end of the year 9999

/** Whether the time can be written as a date: from the year 0 to 9999. */
export function isHttpDate(timeMs: number): boolean {
  return timeMs >= MIN_MS && timeMs <= MAX_MS;
}

/**
 * An IMF-fixdate, the only form that is sent: `Sun, 06 Nov 1994 08:49:37 GMT`. Fractions of a second are dropped.
 * @throws InvalidArgumentValueError the year is not 0 to 9999.
 */
export function formatHttpDate(timeMs: number): string {
  if (!isHttpDate(timeMs)) {
    throw new InvalidArgumentValueError('timeMs', 'a time in the years 0 to 9999', timeMs);
  }
  return new Date(secondOf(timeMs)).toUTCString();
}

/** The time without the fraction of its second, to compare it with dates of fields. */
export function secondOf(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000;
}

/**
 * Reads all three forms of a date. The name of the day must exist, but is not compared with the date.
 * @param nowMs Decides the century of the RFC 850 form: a date more than 50 years ahead is in the past.
 * @returns Undefined if it is not a date.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  for (const format of FORMATS) {
    const groups = format.exec(text)?.groups;
    if (groups !== undefined) return timeOf(groups, nowMs);
  }
  return undefined;
}

function timeOf(groups: Record<string, string | undefined>, nowMs: number): number | undefined {
  const { day, month, year, hour, minute, second } = groups;
  const numbers: [number, number, number, number] = [
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  ];
  const index = MONTHS.indexOf(month ?? '');
  if (year?.length === 4) return exactTime(Number(year), index, ...numbers);
  const thisYear = new Date(nowMs).getUTCFullYear();
  let fullYear = thisYear - (thisYear % 100) + Number(year);
  if (fullYear > thisYear + 50) fullYear -= 100;
  if (fullYear < thisYear - 49) fullYear += 100;
  return exactTime(fullYear, index, ...numbers);
}

/** A leap second counts as the first second of the next minute. Undefined for a day or time that does not exist. */
function exactTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  // Date.UTC adds 1900 to years below 100.
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  if (date.getUTCDate() !== day || date.getUTCMonth() !== month) return undefined;
  return date.setUTCHours(hour, minute, second);
}
