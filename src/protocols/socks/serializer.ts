/** Writes the messages of both roles: parser.ts shows them. */
import type { HostPort } from '../../core/address.js';
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { checkInteger } from '../../internal/check.js';
import { ipv4Bytes } from '../../internal/ip-text.js';
import { addressBytes, checkedName } from './addresses.js';
import { REPLIES, type SocksCommand, type SocksReply } from './events.js';
import { commandCode, GRANTED, REJECTED } from './parser.js';

export function greetingBytes(methods: readonly number[]): Buffer {
  return Buffer.from([5, methods.length, ...methods]);
}

export function methodBytes(method: number): Buffer {
  return Buffer.from([5, method]);
}

/** @throws InvalidArgumentValueError one of the texts is empty or longer than 255 bytes; the error does not show it. */
export function passwordBytes(username: string, password: string): Buffer {
  const name = secretBytes('username', username);
  const secret = secretBytes('password', password);
  return Buffer.from([1, name.length, ...name, secret.length, ...secret]);
}

export function statusBytes(accepted: boolean): Buffer {
  return Buffer.from([1, accepted ? 0 : 1]);
}

/** @throws InvalidArgumentValueError, InvalidArgumentTypeError */
export function requestBytes(command: SocksCommand, destination: HostPort): Buffer {
  checkInteger('port', destination.port, 0, 65_535);
  return Buffer.concat([Buffer.from([5, commandCode(command), 0]), addressBytes(destination)]);
}

/**
 * Version 4 for IPv4 addresses, 4a for names.
 * @throws InvalidArgumentValueError, InvalidArgumentTypeError
 */
export function request4Bytes(
  command: SocksCommand,
  { host, port }: HostPort,
  userId: string,
): Buffer {
  checkInteger('port', port, 0, 65_535);
  const ip = ipv4Bytes(host);
  if (host.includes(':')) {
    throw new InvalidArgumentValueError('host', 'an IPv4 address or a name in SOCKS 4', host);
  }
  const user = Buffer.from(userId);
  if (user.includes(0) || user.length > 255) {
    throw new InvalidArgumentValueError('username', 'at most 255 bytes without NUL', user.length);
  }
  const name = ip === undefined ? [...checkedName(host), 0] : [];
  const head = [4, commandCode(command), port >>> 8, port & 255, ...(ip ?? [0, 0, 0, 1])];
  return Buffer.from([...head, ...user, 0, ...name]);
}

export function replyBytes(reply: SocksReply, bound: HostPort): Buffer {
  return Buffer.concat([Buffer.from([5, REPLIES.indexOf(reply), 0]), addressBytes(bound)]);
}

/** Version 4 can only send IPv4 addresses: others become 0.0.0.0. */
export function reply4Bytes(reply: SocksReply, { host, port }: HostPort): Buffer {
  const code = reply === 'succeeded' ? GRANTED : REJECTED;
  return Buffer.from([0, code, port >>> 8, port & 255, ...(ipv4Bytes(host) ?? [0, 0, 0, 0])]);
}

function secretBytes(what: string, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length >= 1 && bytes.length <= 255) return bytes;
  throw new InvalidArgumentValueError(what, '1 to 255 bytes of text', `${bytes.length} bytes`);
}
