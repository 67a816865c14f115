/** Formats numbers for people, in few characters. */

const LEVELS = '▁▂▃▄▅▆▇█';

/** `1,234`; from a hundred thousand on `123 k`, `1.23 M`. Halves are rounded up. */
export function formatCount(value: number): string {
  if (Math.round(value) < 100_000) return group(Math.round(value));
  return scaled(value, ['', 'k', 'M', 'G', 'T']);
}

/** `1,234,567`. */
export function group(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `512 B`, `1.23 kB`, `45.6 MB`: powers of a thousand. */
export function formatBytes(value: number): string {
  const sign = value < 0 ? '-' : '';
  return sign + scaled(Math.abs(value), ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);
}

/** `0.042 ms`, `1.23 ms`, `45.6 ms`, `789 ms`. */
export function formatMilliseconds(value: number): string {
  return `${value < 1 ? value.toFixed(3) : significant(value)} ms`;
}

/** `0:07`, `12:34`, `1:02:03`. */
export function formatDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const [mm, ss] = [minutes, whole % 60].map((part) => String(part).padStart(2, '0'));
  return hours > 0 ? `${hours}:${mm}:${ss}` : `${minutes}:${ss}`;
}

/**
 * A line of bars: the last value is rightmost and the highest bar is full. Only zero has the lowest bar. If there are
 * fewer values than columns, the left is blank.
 */
export function sparkline(values: readonly number[], columns: number): string {
  const shown = columns > 0 ? values.slice(-columns) : [];
  const highest = Math.max(...shown, 0);
  const bars = shown.map((value) => {
    const level = value > 0 ? Math.max(1, Math.round((value / highest) * 7)) : 0;
    return LEVELS[level];
  });
  return bars.join('').padStart(columns);
}

function scaled(value: number, units: readonly string[]): string {
  let scale = 0;
  let rest = value;
  // 999.5 would be rounded to 1000, so it belongs to the next unit.
  while (rest >= 999.5 && scale < units.length - 1) {
    rest /= 1000;
    scale += 1;
  }
  const digits = scale === 0 ? String(Math.round(rest)) : significant(rest);
  return `${digits} ${units[scale]}`.trimEnd();
}

/** Three significant digits of a number of 1 or more. */
function significant(value: number): string {
  if (value < 9.995) return value.toFixed(2);
  return value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}
