/**
 * The syntax of endpoint strings, which is Twisted's:
 *
 *     description = argument *(":" argument)
 *     argument    = value / key "=" value
 *
 * A backslash quotes the next character, whatever it is. ":" always separates. "=" separates key and value only the first time
 * in an argument. The first argument without a key is the type of the endpoint.
 */
import { checkString } from '../internal/check.js';
import { InvalidEndpointError } from './errors.js';

export interface ParsedEndpoint {
  /** The arguments without a key, the type first. */
  readonly positional: readonly string[];
  /** The arguments with a key, in their order. */
  readonly named: readonly (readonly [key: string, value: string])[];
}

/** @throws InvalidEndpointError the text ends with a backslash. */
export function parseEndpoint(text: string): ParsedEndpoint {
  const positional: string[] = [];
  const named: [string, string][] = [];
  let key: string | undefined;
  let value = '';
  const endArgument = (): void => {
    if (key === undefined) positional.push(value);
    else named.push([key, value]);
    key = undefined;
    value = '';
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char === ':') endArgument();
    else if (char === '=' && key === undefined) {
      key = value;
      value = '';
    } else if (char === '\\') {
      at += 1;
      if (at === text.length) {
        throw new InvalidEndpointError(text, 'the backslash at the end quotes nothing');
      }
      value += text[at];
    } else value += char;
  }
  endArgument();
  return { positional, named };
}

/**
 * Quotes a value for an endpoint string: colons and backslashes. An equals sign stays as it is, which suits the value of a key;
 * in an argument without a key, write it as `\=`.
 *
 * @example `unix:${quoteStringArgument('C:\\x')}` // unix:C\:\\x
 * @throws InvalidArgumentTypeError
 */
export function quoteStringArgument(argument: string): string {
  return checkString('argument', argument).replaceAll(/[\\:]/g, '\\$&');
}
