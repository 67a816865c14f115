/** Calls that take options. */
import { MemoryReactor } from '../../src/testing/index.js';

/** Calls something with these options, which are otherwise valid or never looked at. */
export type Call = (options: never) => unknown;

/** The options with those that must not be left out. Anything but a plain object stays as it is. */
export const and = (options: unknown, more: object): never => {
  const isPlain = Object.getPrototypeOf(options ?? 0) === Object.prototype;
  return (isPlain ? { ...(options as object), ...more } : options) as never;
};

/** A reactor for each call: nothing is opened. */
export const memory = (call: (reactor: MemoryReactor, options: never) => unknown): Call => {
  return (options) => call(new MemoryReactor(), options);
};
