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

/**
 * Defines the text of a class's instances for `util.inspect`. `text` is given a function that shows a value with the options
 * of the present call. (isolatedDeclarations allows no method with a computed name.)
 */
export function inspectAs<T extends object>(
  prototype: T,
  text: (instance: T, show: (value: unknown) => string) => string,
): void {
  Object.defineProperty(prototype, inspect.custom, {
    value(this: T, _depth: number, options: InspectOptions): string {
      return text(this, (value) => inspected(value, options));
    },
  });
}

function classOf(value: unknown): string {
  try {
    return `an object (${(value as object).constructor.name})`;
  } catch {
    return 'an object';
  }
}
