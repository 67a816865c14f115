/** The placeholder for the transport of a protocol that is not connected: its methods throw an error that says so. */
import { NotConnectedError } from './errors/connection.js';

/** The names of all methods of a type: the compiler rejects an incomplete table. */
type MethodNames<T> = {
  readonly [Name in keyof T & string as T[Name] extends (...args: never[]) => unknown
    ? Name
    : never]: true;
};

/** @param from The first callback in which the protocol has a transport. */
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
