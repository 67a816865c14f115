/** Names and attributes of the spans of HTTP requests, by the conventions of OpenTelemetry. */
import { KNOWN_METHODS } from './http-methods.js';

/** Text of a peer is cut in attributes after this many characters. */
export const MAX_ATTRIBUTE_CHARACTERS = 1_024;

export type Attributes = Record<string, string | number>;

export function spanName(method: string | undefined): string {
  return method !== undefined && KNOWN_METHODS.has(method) ? method : 'HTTP';
}

export function methodAttributes(method: string | undefined): Record<string, string | undefined> {
  if (method === undefined || KNOWN_METHODS.has(method)) return { 'http.request.method': method };
  return { 'http.request.method': '_OTHER', 'http.request.method_original': method };
}

/** Those that are known, cut to their limit. */
export function textAttributes(named: Record<string, string | number | undefined>): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(named)) {
    if (value === undefined) continue;
    attributes[name] = typeof value === 'string' ? value.slice(0, MAX_ATTRIBUTE_CHARACTERS) : value;
  }
  return attributes;
}
