/**
 * Reads the messages of both roles. Each function looks at the beginning of `bytes`, and returns the message with the offset
 * behind it, or undefined if bytes are missing. A message is refused at the first byte that no valid message has there.
 *
 *     version 5, client    05 n methods...        01 n username n password    05 command 00 address
 *                proxy     05 method              01 status                   05 reply   00 address
 *     version 4, client    04 command port ipv4 userid 00 [name 00]           a name follows 0.0.0.1 to 0.0.0.255 (4a)
 *                proxy     00 reply port ipv4
 */
import type { HostPort } from '../../core/address.js';
import { ipv4Host, MAX_NAME_BYTES, nameHost, readAddress } from './addresses.js';
import { InvalidSocksMessageError } from './errors.js';
import { REPLIES, type SocksCommand, type SocksReply, type SocksRequest } from './events.js';

/** The longest message: version 4a with a user name and a host name. The limit of what is buffered for an unfinished one. */
export const MAX_MESSAGE_BYTES: number = 8 + 2 * (MAX_NAME_BYTES + 1);

const COMMANDS: readonly (SocksCommand | undefined)[] = [undefined, 'connect', 'bind', 'associate'];

export interface Read<T> {
  readonly value: T;
  readonly end: number;
}

/** The version in the first byte of a client. */
export function readVersion(bytes: Buffer): 4 | 5 | undefined {
  const [version] = bytes;
  if (version === undefined || version === 4 || version === 5) return version;
  throw new InvalidSocksMessageError(`there is no version ${version}`);
}

/** The methods that a client of version 5 offers. */
export function readGreeting(bytes: Buffer): Read<readonly number[]> | undefined {
  const count = bytes[1];
  if (count === undefined) return undefined;
  if (count === 0) throw new InvalidSocksMessageError('no authentication methods are offered');
  if (bytes.length < 2 + count) return undefined;
  return { value: [...bytes.subarray(2, 2 + count)], end: 2 + count };
}

/** RFC 1929 section 2. */
export function readPassword(
  bytes: Buffer,
): Read<{ readonly username: string; readonly password: string }> | undefined {
  expectByte(bytes, 0, 1, 'authentication has');
  const nameLength = bytes[1];
  if (nameLength === undefined) return undefined;
  const passwordLength = bytes[2 + nameLength];
  if (passwordLength === undefined) return undefined;
  const start = 3 + nameLength;
  const end = start + passwordLength;
  if (bytes.length < end) return undefined;
  const username = bytes.toString('utf8', 2, 2 + nameLength);
  return { value: { username, password: bytes.toString('utf8', start, end) }, end };
}

/** A request of version 5. */
export function readRequest(bytes: Buffer): Read<SocksRequest> | undefined {
  expectByte(bytes, 0, 5, 'a request has');
  const code = bytes[1];
  if (code === undefined) return undefined;
  const command = COMMANDS[code];
  if (command === undefined) throw noCommand(code);
  if (bytes.length < 3) return undefined;
  expectByte(bytes, 2, 0, 'the reserved byte of a request is');
  const address = readAddress(bytes, 3);
  if (address === undefined) return undefined;
  const { host, port, end } = address;
  return { value: { version: 5, command, host, port, userId: undefined }, end };
}

/** A request of version 4 or 4a. */
export function readRequest4(bytes: Buffer): Read<SocksRequest> | undefined {
  const code = bytes[1];
  if (code === undefined) return undefined;
  const command = COMMANDS[code];
  if (command === undefined || command === 'associate') throw noCommand(code);
  if (bytes.length < 9) return undefined;
  const userEnd = zeroBehind(bytes, 8, 'user name');
  if (userEnd === undefined) return undefined;
  const fields = {
    version: 4 as const,
    command,
    port: bytes.readUInt16BE(2),
    userId: bytes.toString('utf8', 8, userEnd),
  };
  const ip = bytes.readUInt32BE(4);
  if (ip === 0 || ip > 255) {
    return { value: { ...fields, host: ipv4Host(bytes.subarray(4, 8)) }, end: userEnd + 1 };
  }
  const nameEnd = zeroBehind(bytes, userEnd + 1, 'host name');
  if (nameEnd === undefined) return undefined;
  const host = nameHost(bytes.subarray(userEnd + 1, nameEnd));
  return { value: { ...fields, host }, end: nameEnd + 1 };
}

/** The method that a proxy selects. */
export function readMethod(bytes: Buffer): Read<number> | undefined {
  expectByte(bytes, 0, 5, 'the answer to a greeting has');
  const [, method] = bytes;
  return method === undefined ? undefined : { value: method, end: 2 };
}

/** Whether the proxy accepts the password. */
export function readStatus(bytes: Buffer): Read<boolean> | undefined {
  expectByte(bytes, 0, 1, 'the answer to a password has');
  const [, status] = bytes;
  return status === undefined ? undefined : { value: status === 0, end: 2 };
}

export interface ReadReply {
  readonly reply: SocksReply;
  readonly bound: HostPort;
}

/** A proxy's answer to a request of version 5. */
export function readReply(bytes: Buffer): Read<ReadReply> | undefined {
  expectByte(bytes, 0, 5, 'a reply has');
  const code = bytes[1];
  if (code === undefined) return undefined;
  const address = readAddress(bytes, 3);
  if (address === undefined) return undefined;
  const { host, port, end } = address;
  return { value: { reply: REPLIES[code] ?? 'general failure', bound: { host, port } }, end };
}

/** A proxy's answer to a request of version 4. */
export function readReply4(bytes: Buffer): Read<ReadReply> | undefined {
  expectByte(bytes, 0, 0, 'a reply of SOCKS 4 has');
  if (bytes.length < 8) return undefined;
  const reply = bytes[1] === GRANTED ? 'succeeded' : 'general failure';
  const bound = { host: ipv4Host(bytes.subarray(4, 8)), port: bytes.readUInt16BE(2) };
  return { value: { reply, bound }, end: 8 };
}

export const GRANTED = 90;
export const REJECTED = 91;

export function commandCode(command: SocksCommand): number {
  return COMMANDS.indexOf(command);
}

function expectByte(bytes: Buffer, at: number, expected: number, what: string): void {
  const byte = bytes[at];
  if (byte === undefined || byte === expected) return;
  throw new InvalidSocksMessageError(`${what} ${byte} instead of ${expected}`);
}

function noCommand(code: number): InvalidSocksMessageError {
  return new InvalidSocksMessageError(`there is no command ${code}`, 'command not supported');
}

/** The offset of the zero that ends a text. */
function zeroBehind(bytes: Buffer, start: number, what: string): number | undefined {
  const end = bytes.indexOf(0, start);
  if ((end === -1 ? bytes.length : end) - start > MAX_NAME_BYTES) {
    throw new InvalidSocksMessageError(
      `the ${what} is longer than ${MAX_NAME_BYTES} bytes`,
      'general failure',
    );
  }
  return end === -1 ? undefined : end;
}
