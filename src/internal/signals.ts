/** Names and numbers of signals. */
import { constants } from 'node:os';

import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkInteger } from './check.js';
import { nearestName } from './nearest-name.js';

const MAX_SIGNAL = 64;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function signalNumber(signal: NodeJS.Signals | number): number {
  if (typeof signal !== 'string') return checkInteger('signal', signal, 0, MAX_SIGNAL);
  const number = constants.signals[signal];
  if (number !== undefined) return number;
  const names = Object.keys(constants.signals);
  const meant = names.includes(`SIG${signal}`) ? `SIG${signal}` : nearestName(signal, names);
  const hint = meant === undefined ? undefined : `did you mean ${meant}?`;
  throw new InvalidArgumentValueError('signal', 'the name of a signal', signal, hint);
}

/** Real-time signals have no names. */
export function signalName(number: number): string {
  for (const [name, value] of Object.entries(constants.signals)) {
    if (value === number && name !== 'SIGIOT' && name !== 'SIGPOLL') return name;
  }
  return `SIG${number}`;
}
