/** Writes the lines of RFC 1413. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { checkInteger, checkObject, checkString } from '../../internal/check.js';
import { hasControls } from '../../internal/network-text.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import {
  type IdentAnswer,
  type IdentQuery,
  type IdentUser,
  MAX_PORT,
  MAX_USER_ID_BYTES,
} from './events.js';
import { trimBlanks } from './parser.js';

/** A name without separators. */
const SYSTEM = /^[!-+\--9;-~]{1,64}$/;
const PROBLEM = /^(?:INVALID-PORT|NO-USER|HIDDEN-USER|UNKNOWN-ERROR|X[!-~]{0,63})$/;

const FIELDS: OptionNames<IdentUser> = { userId: true, system: true };

/** The line of a query. @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function serializeIdentQuery({ localPort, remotePort }: IdentQuery): Buffer {
  checkInteger('localPort', localPort, 1, MAX_PORT);
  checkInteger('remotePort', remotePort, 1, MAX_PORT);
  return Buffer.from(`${localPort}, ${remotePort}\r\n`);
}

/**
 * The line of an answer.
 * @throws InvalidArgumentTypeError, UnknownOptionError
 * @throws InvalidArgumentValueError the user is empty, longer than 512 bytes, or has control characters or spaces around it; or the
 * system or the problem is not a name of RFC 1413.
 */
export function serializeIdentAnswer(query: IdentQuery, answer: IdentAnswer): Buffer {
  checkObject('answer', answer);
  const ports = `${query.localPort}, ${query.remotePort}`;
  if ('problem' in answer) {
    const problem = checkString('problem', answer.problem);
    if (PROBLEM.test(problem) && problem === problem.toUpperCase())
      return Buffer.from(`${ports} : ERROR : ${problem}\r\n`);
    throw new InvalidArgumentValueError('problem', 'one of RFC 1413, or X and a name', problem);
  }
  checkOptions('serializeIdentAnswer', answer, FIELDS);
  const { userId, system = 'UNIX' } = answer;
  checkUserId(checkString('userId', userId));
  if (!SYSTEM.test(checkString('system', system))) {
    throw new InvalidArgumentValueError('system', 'a name without ":" and ","', system);
  }
  const charset = isASCII(userId) ? '' : ', UTF-8';
  return Buffer.from(`${ports} : USERID : ${system}${charset} : ${userId}\r\n`);
}

function checkUserId(userId: string): void {
  const clean = userId !== '' && trimBlanks(userId) === userId && !hasControls(userId);
  if (clean && Buffer.byteLength(userId) <= MAX_USER_ID_BYTES) return;
  const expected = `1 to ${MAX_USER_ID_BYTES} bytes without control characters and spaces around it`;
  throw new InvalidArgumentValueError('userId', expected, userId);
}

function isASCII(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}
