/** Events in the form of `twisted.logger.jsonFileLogObserver`, and back. */
import { messageOf } from '../core/text-of.js';
import type { LogEvent, LogFields } from './event.js';
import { fieldText, formatParts, isWellFormed } from './format.js';
import { quoted } from './json-string.js';
import { jsonText, readText } from './json-text.js';
import { LOG_LEVELS, type LogLevel } from './level.js';
import { REDACTED, type Redaction } from './redaction.js';

const LEVEL_CLASS = '02e59486-f24d-46ad-8224-3acdf2a5732a';
const FAILURE_CLASS = 'e76887e2-20ed-49bf-a8f8-ba25cc586f2d';

/** The JSON of an event, without a line end. Twisted formats the message from the texts in `log_flattened`. */
export function twistedLine(event: LogEvent, base: LogFields, redaction: Redaction): string {
  const { time, level, namespace, fields, error } = event;
  // Text with single braces is no format of Python.
  const format = isWellFormed(event.format)
    ? event.format
    : event.format.replaceAll('{', '{{').replaceAll('}', '}}');
  const flattened = flatten(format, fields, redaction);
  const parts = [
    `"log_time":${Number.isFinite(time) ? time / 1000 : null}`,
    `"log_level":{"name":"${level}","__class_uuid__":"${LEVEL_CLASS}"}`,
    `"log_namespace":${quoted(namespace)}`,
    `"log_format":${quoted(format)}`,
  ];
  if (flattened !== undefined) parts.push(`"log_flattened":${jsonText(flattened, redaction)}`);
  if (error !== undefined) parts.push(`"log_failure":${failureText(error, redaction)}`);
  return `{${parts.join(',')}${fieldsText(base, fields, redaction)}}`;
}

function fieldsText(base: LogFields, fields: LogFields, redaction: Redaction): string {
  let text = '';
  for (const name of new Set([...namesOf(base), ...namesOf(fields)])) {
    if (name.startsWith('log_')) continue;
    const value = redaction.isSecret(name) ? REDACTED : readField(base, fields, name);
    const member = jsonText(value, redaction);
    if (member !== undefined) text += `,${quoted(name)}:${member}`;
  }
  return text;
}

/** None of a proxy that throws. */
function namesOf(fields: LogFields): readonly string[] {
  try {
    return Object.keys(fields);
  } catch {
    return [];
  }
}

function readField(base: LogFields, fields: LogFields, name: string): unknown {
  try {
    return Object.hasOwn(fields, name) ? fields[name] : base[name];
  } catch {
    return '[unreadable]';
  }
}

/** Twisted's `flattenEvent`: texts by `name!conversion:spec`, and `/n` for the nth of the same. */
function flatten(
  format: string,
  fields: LogFields,
  redaction: Redaction,
): Record<string, string> | undefined {
  const counts = new Map<string, number>();
  const texts: Record<string, string> = {};
  for (const part of formatParts(format)) {
    if (typeof part === 'string') continue;
    texts[flatKey(part.name, part.conversion ?? 's', part.spec, counts)] = fieldText(
      part,
      fields,
      redaction,
    );
  }
  return counts.size === 0 ? undefined : texts;
}

function flatKey(
  name: string,
  conversion: string,
  spec: string,
  counts: Map<string, number>,
): string {
  const key = `${name}!${conversion}:${spec}`;
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count === 1 ? key : `${key}/${count}`;
}

/** What `failureFromJSON` needs to make a Failure without frames. */
function failureText(error: Error, redaction: Redaction): string {
  const type = `{"__module__":"ropewalk","__name__":${quoted(readText(error, 'name') ?? 'Error')}}`;
  const stack = jsonText(readText(error, 'stack') ?? null, redaction);
  return `{"type":${type},"value":${quoted(messageOf(error))},"frames":[],"stack":[],"parents":[],"count":1,"captureVars":false,"text":${stack},"__class_uuid__":"${FAILURE_CLASS}"}`;
}

type JSONObject = Readonly<Record<string, unknown>>;

/** The event of an object that Twisted wrote. Messages keep the text that Twisted would show. */
export function eventFromTwisted(
  object: JSONObject,
  parsed: (object: JSONObject) => Error,
): LogEvent {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object)) {
    if (!name.startsWith('log_')) fields[name] = value;
  }
  const { log_time, log_namespace, log_format, log_failure, log_flattened } = object;
  const format = typeof log_format === 'string' ? log_format : '';
  return {
    time: typeof log_time === 'number' ? Math.round(log_time * 1000) : Number.NaN,
    level: levelOf(object.log_level),
    namespace: typeof log_namespace === 'string' ? log_namespace : '',
    format: isObject(log_flattened) ? flatFormat(format, log_flattened) : format,
    fields,
    error: isObject(log_failure) ? parsed(errorFields(log_failure)) : undefined,
  };
}

/** The message, as a format without fields. */
function flatFormat(format: string, flattened: JSONObject): string {
  const counts = new Map<string, number>();
  const text = format.replaceAll(
    /\{\{|\}\}|\{([^{}!:]*)(?:!([rs]))?(?::([^{}]*))?\}/g,
    (source, name: string | undefined, conversion = 's', spec = '') => {
      if (name === undefined) return source;
      const value = flattened[flatKey(name, conversion, spec, counts)];
      return value === undefined ? source : escapeBraces(String(value));
    },
  );
  return text;
}

export function escapeBraces(text: string): string {
  return text.replaceAll('{', '{{').replaceAll('}', '}}');
}

function levelOf(value: unknown): LogLevel {
  const name = isObject(value) ? value.name : value;
  return LOG_LEVELS.find((level) => level === name) ?? 'info';
}

function errorFields({ type, value, text }: JSONObject): JSONObject {
  const name = isObject(type) ? type.__name__ : undefined;
  return {
    type: name,
    message: typeof value === 'string' ? value : JSON.stringify(value),
    stack: text,
  };
}

export function isObject(value: unknown): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
