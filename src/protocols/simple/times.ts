/** The answers of time and daytime, written and read. The current time is an argument. */
import { InvalidTimeAnswerError } from './errors.js';

/** Seconds from 1900 to 1970 (RFC 868). */
const SECONDS_TO_1970 = 2_208_988_800;
export const TIME_BYTES = 4;
const ERA_SECONDS: number = 2 ** 32;

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'],
  ...['October', 'November', 'December'],
];

/** Seconds since 1900, in network order. They begin again at 0 in 2036. */
export function timeBytes(now: Date): Buffer {
  const seconds = Math.floor(now.getTime() / 1000) + SECONDS_TO_1970;
  const bytes = Buffer.alloc(TIME_BYTES);
  bytes.writeUInt32BE(((seconds % ERA_SECONDS) + ERA_SECONDS) % ERA_SECONDS);
  return bytes;
}

/** As in `Tuesday, February 22, 1982 17:37:43-UTC`, the first format of RFC 867, and CRLF. */
export function daytimeBytes(now: Date): Buffer {
  const day = `${DAYS[now.getUTCDay()]}, ${MONTHS[now.getUTCMonth()]} ${now.getUTCDate()}`;
  const time = now.toISOString().slice(-13, -5);
  return Buffer.from(`${day}, ${now.getUTCFullYear()} ${time}-UTC\r\n`);
}

/**
 * The time in the answer of a time server (RFC 868).
 * @param near The answer has no era: of the possible times, 136 years apart, this is the nearest to `near`.
 * @throws InvalidTimeAnswerError
 */
export function parseTime(bytes: Buffer, near: Date): Date {
  if (bytes.length !== TIME_BYTES) throw new InvalidTimeAnswerError(bytes.length);
  const seconds = bytes.readUInt32BE() - SECONDS_TO_1970;
  const eras = Math.round((near.getTime() / 1000 - seconds) / ERA_SECONDS);
  return new Date((seconds + eras * ERA_SECONDS) * 1000);
}
