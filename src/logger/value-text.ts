/** Values in messages. They may come from peers, so they cannot end a line or send commands to a terminal. */
import { textOf } from '../core/text-of.js';
import { printable } from '../internal/printable.js';
import { isPlain } from './json-string.js';
import { jsonText } from './json-text.js';
import type { Redaction } from './redaction.js';

const MAX_LENGTH = 65_536;

/**
 * Strings as they are, errors as name and message, objects of classes with a `toString` of their own by that, and others as JSON.
 * Control characters are escaped, newlines too. Never throws.
 */
export function valueText(value: unknown, redaction: Redaction): string {
  if (typeof value === 'string') return isPlain(value) ? value : oneLine(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return oneLine(plainText(value, redaction));
}

/** Strings in quotes, and others as `valueText` does. */
export function quotedValueText(value: unknown, redaction: Redaction): string {
  if (typeof value === 'string') return jsonText(value, redaction) ?? '';
  return valueText(value, redaction);
}

/** A text with visible escapes in place of control characters and newlines. */
export function oneLine(text: string): string {
  const shown = text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}...`;
  return printable(shown).replaceAll('\n', '\\n');
}

function plainText(value: unknown, redaction: Redaction): string {
  const isObject = typeof value === 'object' && value !== null;
  if (isObject ? hasOwnText(value) : typeof value !== 'function') return textOf(value);
  const text = jsonText(value, redaction) ?? 'undefined';
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

/** Whether a class defines `toString`. The texts of dates, bytes and URLs are those of JSON: short, and without passwords. */
function hasOwnText(value: object): boolean {
  try {
    if (value instanceof Date || value instanceof URL || ArrayBuffer.isView(value)) return false;
    if (Array.isArray(value)) return false;
    if (value instanceof Error) return true;
    return value.toString !== Object.prototype.toString;
  } catch {
    return false;
  }
}
