/** Values that JavaScript does not have, and the texts of scalars. */
import { Buffer } from 'node:buffer';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkNumber, checkString } from '../../internal/check.js';

const DATE_TIME =
  /^(\d{4})-?(\d{2})-?(\d{2})T(\d{2}):?(\d{2}):?(\d{2})(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;
/** A time of JavaScript. */
export type Instant = Date;

const DAYS_BY_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * A `dateTime.iso8601`. It has no time zone, except as an extension: sender and receiver have to agree on one.
 */
export class XMLRPCDateTime {
  /** As it is sent, and as it was received: `19980717T14:08:55`. */
  readonly text: string;

  /**
   * @param text `YYYYMMDDThh:mm:ss`, with or without hyphens and colons, a fraction and an offset from UTC.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(text: string) {
    checkString('text', text);
    if (!isDateTime(text)) {
      throw new InvalidArgumentValueError('text', 'a time such as 19980717T14:08:55', text);
    }
    this.text = text;
  }

  /** The time in UTC, without its fraction of a second. @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  static fromDate(date: Date): XMLRPCDateTime {
    if (!(date instanceof Date)) throw new InvalidArgumentTypeError('date', 'a Date', date);
    const year = date.getUTCFullYear();
    if (!(year >= 0 && year <= 9_999)) {
      throw new InvalidArgumentValueError('date', 'a time in the years 0 to 9999', date);
    }
    return new XMLRPCDateTime(date.toISOString().slice(0, 19).replaceAll('-', ''));
  }

  /**
   * The time.
   * @param offsetMinutes The offset from UTC of a time without one. Default 0: it is in UTC.
   */
  toDate(offsetMinutes = 0): Date {
    checkNumber('offsetMinutes', offsetMinutes, -1_440, 1_440);
    const [, year, month, day, hour, minute, second, fraction = '', zone] =
      DATE_TIME.exec(this.text) ?? [];
    const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
    const offset = zone === undefined ? offsetMinutes : offsetOf(zone);
    // ISO 8601 has the second 60, which a Date has not.
    const time = Date.parse(iso.replace(':60.', ':59.'));
    return new Date(time - offset * 60_000);
  }

  toString(): string {
    return this.text;
  }
}

/** A Date as {@link XMLRPCDateTime}; undefined if the value is not a Date. @throws InvalidArgumentValueError it is not a time in the years 0 to 9999. */
export function dateTimeOf(value: object): XMLRPCDateTime | undefined {
  return value instanceof Date ? XMLRPCDateTime.fromDate(value) : undefined;
}

/** A number that is sent as a `double` even if it is whole. */
export class XMLRPCDouble {
  readonly value: number;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError it is not finite. */
  constructor(value: number) {
    this.value = checkNumber('value', value, -Number.MAX_VALUE);
  }
}

export function isDateTime(text: string): boolean {
  const match = DATE_TIME.exec(text);
  if (match === null) return false;
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(2, 7).map(Number);
  const inDay = hour <= 24 && minute <= 59 && second <= 60;
  return inDay && day >= 1 && day <= (DAYS_BY_MONTH[month - 1] ?? 0);
}

function offsetOf(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone.startsWith('-') ? -minutes : minutes;
}

const WHOLE = /^[+-]?\d{1,19}$/;
const DOUBLE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d{1,4})?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** @returns Undefined if the text is not a whole number of so many bits. */
export function wholeNumberOf(text: string, bits: number): number | bigint | undefined {
  if (!WHOLE.test(text)) return undefined;
  const big = BigInt(text.startsWith('+') ? text.slice(1) : text);
  if (BigInt.asIntN(bits, big) !== big) return undefined;
  const value = Number(big);
  return Number.isSafeInteger(value) ? value : big;
}

/** @returns Undefined if the text is not a finite number. */
export function doubleOf(text: string): number | undefined {
  const value = DOUBLE.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** @returns Undefined if the text is not base64. */
export function base64Of(text: string): Buffer | undefined {
  const packed = text.replace(/[\t\n\r ]+/g, '');
  return packed.length % 4 === 0 && BASE64.test(packed) ? Buffer.from(packed, 'base64') : undefined;
}

/** Without an exponent, which the specification does not have. */
export function doubleText(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text.includes('.') ? text : `${text}.0`;
  const [, sign = '', first = '', rest = '', exponent = ''] = match;
  const digits = first + rest;
  const point = Number(exponent) + 1;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}.0`;
}
