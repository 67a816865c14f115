/**
 * Messages of events, in the syntax of twisted.logger: `{name}`, `{peer.port}`, `{list[0]}`, `{count()}` (called), `{text!r}` (quoted),
 * `{ratio:.2f}` (Python's width, alignment and precision), `{{` for a brace. A format that is not well-formed is shown as it is, as is
 * a name without a field. Values are written by `valueText`.
 */
import { textOf } from '../core/text-of.js';
import type { LogEvent, LogFields } from './event.js';
import { applySpec, isSpec } from './format-spec.js';
import { quoted } from './json-string.js';
import { DEFAULT_REDACTION, REDACTED, type Redaction } from './redaction.js';
import { quotedValueText, valueText } from './value-text.js';

/** A name in braces. */
export interface FormatField {
  /** As written, without conversion and specification: `peer.port`. */
  readonly name: string;
  readonly path: readonly string[];
  readonly called: boolean;
  readonly conversion: 'r' | 's' | undefined;
  readonly spec: string;
  /** The whole text with its braces. */
  readonly source: string;
}

export type FormatPart = string | FormatField;

const BRACES = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;
const FIELD = /^([^!:()]*)(\(\))?(?:!([rs]))?(?::(.*))?$/s;
const PATH = /^[^.[\]]+(?:\.[^.[\]]+|\[[^[\]]+\])*$/;
const MAX_CACHED = 500;

interface KnownFormat {
  readonly parts: readonly FormatPart[];
  readonly json: string;
}

const known = new Map<string, KnownFormat>();

/** The literal texts and the fields of a format. */
export function formatParts(format: string): readonly FormatPart[] {
  return knownFormat(format).parts;
}

/** A format as JSON. */
export function quotedFormat(format: string): string {
  return knownFormat(format).json;
}

function knownFormat(format: string): KnownFormat {
  return known.get(format) ?? learn(format);
}

function learn(format: string): KnownFormat {
  const learnt = { parts: parse(format) ?? [format], json: quoted(format) };
  // A program has few formats, unless it passes other text as one.
  if (known.size >= MAX_CACHED) known.clear();
  known.set(format, learnt);
  return learnt;
}

/** Whether Python would read the format alike. */
export function isWellFormed(format: string): boolean {
  return parse(format) !== undefined;
}

/** Undefined if the format is not well-formed. */
function parse(format: string): FormatPart[] | undefined {
  const parts: FormatPart[] = [];
  let text = '';
  let end = 0;
  for (const match of format.matchAll(BRACES)) {
    text += format.slice(end, match.index);
    end = match.index + match[0].length;
    if (match[0] === '{{' || match[0] === '}}') {
      text += match[0].charAt(0);
      continue;
    }
    const field = match[1] === undefined ? undefined : parseField(match[1]);
    if (field === undefined) return undefined;
    if (text !== '') parts.push(text);
    text = '';
    parts.push(field);
  }
  text += format.slice(end);
  if (text !== '') parts.push(text);
  return parts;
}

function parseField(source: string): FormatField | undefined {
  const match = FIELD.exec(source);
  const [, path = '', call, conversion, spec = ''] = match ?? [];
  if (!PATH.test(path) || !isSpec(spec)) return undefined;
  return {
    name: `${path}${call ?? ''}`,
    path: path.split(/\.|\[|\]\.?/).filter((name) => name !== ''),
    called: call !== undefined,
    conversion: conversion as 'r' | 's' | undefined,
    spec,
    source: `{${source}}`,
  };
}

/** The message of an event in one line: control characters of values are escaped. Never throws. */
export function formatEvent(
  event: Pick<LogEvent, 'format' | 'fields'>,
  redaction: Redaction = DEFAULT_REDACTION,
): string {
  const { format, fields } = event;
  if (!format.includes('{') && !format.includes('}')) return format;
  let text = '';
  for (const part of formatParts(format)) {
    text += typeof part === 'string' ? part : fieldText(part, fields, redaction);
  }
  return text;
}

/** The text of one field of a format. */
export function fieldText(field: FormatField, fields: LogFields, redaction: Redaction): string {
  const { path, called, conversion, spec, source } = field;
  try {
    let value: unknown = fields;
    for (const name of path) {
      if (value === undefined || value === null) return source;
      const owner = value as Record<string, unknown>;
      if (!(name in Object(owner))) return source;
      value = owner[name];
      if (redaction.isSecret(name) && value !== undefined && value !== null) return REDACTED;
    }
    if (called) value = typeof value === 'function' ? value() : value;
    const text =
      conversion === 'r' ? quotedValueText(value, redaction) : valueText(value, redaction);
    return spec === '' ? text : applySpec(spec, value, text);
  } catch (error) {
    return `${source} (${valueText(textOf(error), redaction)})`;
  }
}
