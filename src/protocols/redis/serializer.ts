/** Commands as arrays of bulk strings (RESP, "Sending commands to a Redis server"). */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { InvalidRedisCommandError } from './errors.js';
import type { RedisArgument, RedisCommand } from './events.js';

const CRLF = '\r\n';

/**
 * The bytes of a command, in pieces.
 * @throws InvalidRedisCommandError, InvalidArgumentTypeError
 */
export function serializeCommand(command: RedisCommand): (string | Uint8Array)[] {
  checkCommand(command);
  const parts: (string | Uint8Array)[] = [];
  let text = `*${command.length}${CRLF}`;
  for (const argument of command) {
    if (argument instanceof Uint8Array) {
      parts.push(`${text}$${argument.length}${CRLF}`, argument);
      text = CRLF;
    } else {
      const word = typeof argument === 'string' ? argument : wordOf(argument);
      text += `$${Buffer.byteLength(word)}${CRLF}${word}${CRLF}`;
    }
  }
  parts.push(text);
  return parts;
}

function checkCommand(command: RedisCommand): void {
  if (!Array.isArray(command)) throw new InvalidArgumentTypeError('command', 'an array', command);
  const [name] = command;
  if (typeof name !== 'string') throw new InvalidArgumentTypeError('command[0]', 'a string', name);
  if (name === '') throw new InvalidRedisCommandError('a command has no name');
}

function wordOf(argument: RedisArgument): string {
  if (typeof argument !== 'number') {
    throw new InvalidArgumentTypeError('an argument', 'a string, number or Uint8Array', argument);
  }
  if (Number.isFinite(argument)) return String(argument);
  throw new InvalidRedisCommandError(`an argument is ${argument}: numbers must be finite`);
}
