/** The arguments of adoption, checked. */
import type { AdoptOptions } from '../../core/adopt-options.js';
import { checkBoolean, checkInteger, checkObject } from '../../internal/check.js';

const MAX_FD = 2 ** 31 - 1;

/** @returns Whether the descriptor is to be taken over. @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function adoptSettings(fd: number, options: AdoptOptions): boolean {
  checkInteger('fd', fd, 0, MAX_FD);
  checkObject('options', options);
  return checkBoolean('takeOver', options.takeOver ?? false);
}
