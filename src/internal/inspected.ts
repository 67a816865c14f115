/** The text of a value that other code made. Never throws. */
import { type InspectOptions, inspect } from 'node:util';

import { messageOf, textOf } from '../core/text-of.js';

/** Like `util.inspect`. A value that cannot be inspected is shown by its class and message, as far as these can be read. */
export function inspected(value: unknown, options: InspectOptions = {}): string {
  try {
    return inspect(value, options);
  } catch (error) {
    return `${classOf(value)} that cannot be inspected: ${messageOf(value)} (inspecting it threw: ${textOf(error)})`;
  }
}

function classOf(value: unknown): string {
  try {
    return `an object (${(value as object).constructor.name})`;
  } catch {
    return 'an object';
  }
}
