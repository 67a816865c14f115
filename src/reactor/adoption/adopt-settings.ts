/** The arguments of adoption, checked. */
import type { AdoptOptions } from '../../core/adopt-options.js';
import { checkBoolean, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';

const MAX_FD = 2 ** 31 - 1;

/**
 * @param method Names the method that adopts.
 * @returns Whether to take the descriptor over.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function adoptSettings<Options extends AdoptOptions>(
  method: string,
  fd: number,
  options: Options,
  names: OptionNames<NoInfer<Options>>,
): boolean {
  checkInteger('fd', fd, 0, MAX_FD);
  checkOptions(method, options, names);
  return checkBoolean('takeOver', options.takeOver ?? false);
}
