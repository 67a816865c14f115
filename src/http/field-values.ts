/** The common syntax of field values: lists, quoted strings, parameters and weights (RFC 9110 sections 5.6 and 12.4.2). */
import { isToken } from '../protocols/http/octets.js';

const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The fields of a request: what `name` has, given in lower case; the lines of a repeated field joined by commas. */
export interface RequestFields {
  readonly method: string;
  field(name: string): string | undefined;
}

/** Removes spaces and tabs at both ends, and no other white space. */
export function trimOWS(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isOWS(text.charCodeAt(start))) start++;
  while (end > start && isOWS(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isOWS(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Splits a value at the separators outside quoted strings, without empty elements (RFC 9110 section 5.6.1.2). Takes linear time. */
export function splitOutsideQuotes(value: string, separator: ',' | ';'): string[] {
  const elements: string[] = [];
  const wanted = separator.charCodeAt(0);
  let quoted = false;
  let start = 0;
  for (let at = 0; at <= value.length; at++) {
    const code = at === value.length ? wanted : value.charCodeAt(at);
    if (quoted && code === BACKSLASH) at++;
    else if (code === QUOTE) quoted = !quoted;
    if (at >= value.length || (code === wanted && !quoted)) {
      const element = trimOWS(value.slice(start, at));
      if (element !== '') elements.push(element);
      start = at + 1;
    }
  }
  return elements;
}

/** An element of a list with its parameters, such as `text/html;level=1;q=0.5`. */
export interface ParameterizedValue {
  /** As sent. */
  readonly value: string;
  /** By name in lower case, without quotes. The first of a repeated one counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Undefined if a parameter is malformed. */
export function parseParameterized(text: string): ParameterizedValue | undefined {
  const [value = '', ...rest] = splitOutsideQuotes(text, ';');
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const equals = parameter.indexOf('=');
    const name = parameter.slice(0, Math.max(0, equals)).toLowerCase();
    const content = unquoted(parameter.slice(equals + 1));
    if (equals === -1 || !isToken(name) || content === undefined) return undefined;
    if (!parameters.has(name)) parameters.set(name, content);
  }
  return { value, parameters };
}

/** The text of a token or quoted string. Undefined if it is neither. */
export function unquoted(text: string): string | undefined {
  if (isToken(text)) return text;
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return undefined;
  let result = '';
  for (let at = 1; at < text.length - 1; at++) {
    if (text.charCodeAt(at) === QUOTE) return undefined;
    if (text.charCodeAt(at) === BACKSLASH && ++at === text.length - 1) return undefined;
    result += text[at];
  }
  return result;
}

/** A weight in thousandths, 0 to 1,000. Without a weight it is 1,000; undefined if it is malformed. */
export function weightOf({ parameters }: ParameterizedValue): number | undefined {
  const text = parameters.get('q');
  if (text === undefined) return 1000;
  return WEIGHT.test(text) ? Math.round(Number(text) * 1000) : undefined;
}

/** The media type of a Content-Type field in lower case, without parameters. */
export function essenceOf(contentType: string): string {
  const semicolon = contentType.indexOf(';');
  const type = semicolon === -1 ? contentType : contentType.slice(0, semicolon);
  return trimOWS(type).toLowerCase();
}
