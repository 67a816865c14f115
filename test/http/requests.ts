/** Requests for tests of the modules that only read fields. */
import type { RequestFields } from '../../src/http/field-values.js';

/** @param fields By name in any case. */
export function requestOf(
  method: string,
  fields: Readonly<Record<string, string>> = {},
): RequestFields {
  const byName = new Map(
    Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return { method, field: (name) => byName.get(name) };
}
