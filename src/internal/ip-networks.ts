/** IP addresses and networks that users list in options. */
import { type BlockList, isIP } from 'node:net';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';

/**
 * Adds an IP address, or a network such as `10.0.0.0/8`, to a list.
 * @param what Names the text in errors, and `expected` the texts that are accepted.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function addNetwork(list: BlockList, text: unknown, what: string, expected: string): void {
  if (typeof text !== 'string') throw new InvalidArgumentTypeError(what, expected, text);
  const [host = '', bits, ...more] = text.split('/');
  const family = host.includes(':') ? 'ipv6' : 'ipv4';
  const mostBits = family === 'ipv4' ? 32 : 128;
  const isValid = isIP(host) !== 0 && !host.includes('%') && more.length === 0;
  if (isValid && bits === undefined) list.addAddress(host, family);
  else if (isValid && /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= mostBits) {
    list.addSubnet(host, Number(bits), family);
  } else throw new InvalidArgumentValueError(what, expected, text);
}
