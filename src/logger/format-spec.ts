/** The specifications of fields in formats: the part of Python's that messages use. */

const SPEC = /^(?:(.)?([<>^]))?(0)?(\d{1,3})?(?:\.(\d{1,2}))?([sdfxX%])?$/su;

export function isSpec(spec: string): boolean {
  return SPEC.test(spec);
}

/**
 * @param value The value of the field.
 * @param text Its text without specification.
 */
export function applySpec(spec: string, value: unknown, text: string): string {
  const [, fill, align, zero, width = '0', precision, type] = SPEC.exec(spec) ?? [];
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  const shown = isNumber ? numberText(value, type, precision) : text.slice(0, cut(precision));
  const pad = fill ?? (zero && isNumber ? '0' : ' ');
  const free = Number(width) - shown.length;
  if (free <= 0) return shown;
  switch (align ?? (isNumber ? '>' : '<')) {
    case '>':
      // Zeros follow the sign.
      return pad === '0' && shown.startsWith('-')
        ? `-${pad.repeat(free)}${shown.slice(1)}`
        : pad.repeat(free) + shown;
    case '^':
      return pad.repeat(Math.floor(free / 2)) + shown + pad.repeat(Math.ceil(free / 2));
    default:
      return shown + pad.repeat(free);
  }
}

function cut(precision: string | undefined): number | undefined {
  return precision === undefined ? undefined : Number(precision);
}

function numberText(
  value: number | bigint,
  type: string | undefined,
  precision: string | undefined,
): string {
  switch (type) {
    case 'x':
      return value.toString(16);
    case 'X':
      return value.toString(16).toUpperCase();
    case '%':
      return `${(Number(value) * 100).toFixed(Number(precision ?? 6))}%`;
    case 'f':
      return Number(value).toFixed(Number(precision ?? 6));
    default:
      return precision === undefined
        ? String(value)
        : String(Number(Number(value).toPrecision(Number(precision) || 1)));
  }
}
