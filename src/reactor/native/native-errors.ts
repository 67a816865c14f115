/** The addon's errors carry a positive errno and the system call: these make what users catch of them. */
import { DescriptorError } from '../../core/errors.js';
import { systemError } from '../../internal/system-error.js';

/** Node's kind of error. What did not come from the system is thrown again. */
export function asSystemError(
  error: unknown,
  address?: string,
  port?: number,
): ReturnType<typeof systemError> {
  const { errno, syscall } = error as { errno?: unknown; syscall?: unknown };
  if (typeof errno !== 'number' || typeof syscall !== 'string') throw error;
  return systemError(syscall, errno, address, port);
}

/** @param wanted What the descriptor should have been: `a listening socket`. */
export function descriptorError(error: unknown, wanted: string, fd: number): DescriptorError {
  return new DescriptorError(wanted, fd, { cause: asSystemError(error) });
}
