// Numbers and times as short texts.

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `12`, `9,876`, `123K`. @param {number} value */
export function count(value) {
  if (value > 0 && value < 10 && !Number.isInteger(value)) return value.toFixed(1);
  return Math.abs(value) < 10_000 ? whole.format(value) : compact.format(value);
}

/** Powers of a thousand: `512 B`, `1.23 MB`. @param {number} value */
export function bytes(value) {
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < BYTE_UNITS.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return `${Number(scaled.toFixed(digits))} ${BYTE_UNITS[unit]}`;
}

/** `16 µs`, `1.02 ms`, `1.05 s`. @param {number | null | undefined} ms */
export function duration(ms) {
  if (ms === null || ms === undefined) return '–';
  if (ms < 0.9995) return `${Number((ms * 1000).toPrecision(3))} µs`;
  if (ms < 999.5) return `${Number(ms.toPrecision(3))} ms`;
  return `${Number((ms / 1000).toPrecision(3))} s`;
}

/** As `duration`, with two digits. @param {number} ms */
export function roughDuration(ms) {
  return duration(Number(ms.toPrecision(2)));
}

/** @param {number} share 0 to 1 */
export function percent(share) {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** `14:05:09`, local time. @param {number} ms since 1970 */
export function timeOfDay(ms) {
  return clock.format(ms);
}
