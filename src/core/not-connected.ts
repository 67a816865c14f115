/** The transport of a protocol that has none yet: its methods throw an error that says so. */
import { NotConnectedError } from './errors/connection.js';

/** The names of all methods of a type: the compiler refuses a table that lacks one. */
type MethodNames<T> = {
  readonly [Name in keyof T & string as T[Name] extends (...args: never[]) => unknown
    ? Name
    : never]: true;
};

/** @param from The protocol's callback from which on it has a transport. */
export function notConnected<T>(methods: MethodNames<T>, from: string): T {
  const text = (): string => '<not connected yet>';
  const transport: Record<PropertyKey, unknown> = {
    connected: false,
    disconnecting: false,
    bufferedBytes: 0,
    toString: text,
    [Symbol.for('nodejs.util.inspect.custom')]: text,
  };
  for (const method of Object.keys(methods)) {
    transport[method] = () => {
      throw new NotConnectedError(method, from);
    };
  }
  return Object.freeze(transport) as T;
}
