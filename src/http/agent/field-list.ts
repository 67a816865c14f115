/** The fields of an agent's request: a list that the layers of the agent copy and change. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { FieldBlock, type HTTPFields } from '../../protocols/http/field-block.js';

/** Field lines in the order in which they are sent. */
export type FieldList = readonly (readonly [name: string, value: string])[];

/** Fields as callers give them: by name, as a list, or as Headers of the platform. */
export type AgentFields =
  | Exclude<HTTPFields, FieldBlock>
  | Iterable<readonly [name: string, value: string]>;

/** @throws InvalidArgumentTypeError. Names and values are checked when the request is sent. */
export function fieldList(fields: AgentFields): FieldList {
  if (typeof fields !== 'object' || fields === null || fields instanceof FieldBlock) {
    const expected = 'an object, a list of names and values, or Headers';
    throw new InvalidArgumentTypeError('fields', expected, fields);
  }
  if (Symbol.iterator in fields) {
    return [...(fields as Iterable<readonly [string, string]>)];
  }
  const list: (readonly [string, string])[] = [];
  for (const [name, values] of Object.entries(fields)) {
    if (Array.isArray(values)) for (const value of values) list.push([name, value]);
    else list.push([name, values as string]);
  }
  return list;
}

/** The value of the first line with this name, compared without case; `undefined` if there is none. */
export function fieldOf(fields: FieldList, name: string): string | undefined {
  const lower = name.toLowerCase();
  return fields.find((line) => isNamed(line, lower))?.[1];
}

/** A copy in which one line replaces all lines with this name. */
export function withField(fields: FieldList, name: string, value: string): FieldList {
  return [...withoutFields(fields, [name]), [name, value]];
}

/** A copy without the lines that have one of these names. */
export function withoutFields(fields: FieldList, names: Iterable<string>): FieldList {
  const dropped = new Set([...names].map((name) => name.toLowerCase()));
  return fields.filter(([name]) => !dropped.has(String(name).toLowerCase()));
}

/** The defaults whose names are not in `fields`, followed by `fields`. */
export function withDefaults(fields: FieldList, defaults: FieldList): FieldList {
  if (fields.length === 0) return defaults;
  const names = fields.map(([name]) => name);
  return [...withoutFields(defaults, names), ...fields];
}

function isNamed([name]: readonly [string, string], lower: string): boolean {
  return typeof name === 'string' && name.toLowerCase() === lower;
}
