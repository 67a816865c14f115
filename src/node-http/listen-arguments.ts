/** The many forms of `server.listen`, and its errors. */
import type { ListenOptions } from 'node:net';
import { CannotListenError } from '../core/errors/listening.js';
import { checkInteger } from '../internal/check.js';

export interface ListenRequest extends ListenOptions {
  /** A listening socket of another owner. */
  readonly fd?: number | undefined;
  readonly callback?: (() => void) | undefined;
}

/**
 * `listen([port][, host][, backlog][, callback])`, `listen(path[, backlog][, callback])`, `listen(options[, callback])`.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError the port is no whole number from 0 to 65,535.
 */
export function listenRequest(args: readonly unknown[]): ListenRequest {
  const last = args.at(-1);
  const callback = typeof last === 'function' ? (last as () => void) : undefined;
  const [first, second, third] = callback === undefined ? args : args.slice(0, -1);
  if (typeof first === 'object' && first !== null) {
    return checked({ ...(first as ListenOptions), callback });
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) {
    return { path: first, backlog: numberOr(second), callback };
  }
  const port = first === undefined || first === null ? 0 : Number(first);
  if (typeof second === 'string') {
    return checked({ port, host: second, backlog: numberOr(third), callback });
  }
  return checked({ port, backlog: numberOr(third ?? second), callback });
}

function checked(request: ListenRequest): ListenRequest {
  const { port, path, fd } = request;
  if (path !== undefined || fd !== undefined) return request;
  const number = port === undefined || port === null ? 0 : Number(port);
  return { ...request, port: checkInteger('port', number, 0, 65_535) };
}

function numberOr(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The error of an `error` event: that of the system, as of `node:net`. */
export function listenError(error: unknown): unknown {
  if (!(error instanceof CannotListenError) || !(error.cause instanceof Error)) return error;
  const { cause } = error;
  const { interface: host, port, path } = error;
  // As `node:net`, which says so for every step: programs compare it.
  Object.assign(cause, {
    syscall: 'listen',
    message: cause.message.replace(/^bind /, 'listen '),
  });
  if (port !== undefined) Object.assign(cause, { address: host || '::', port });
  else Object.assign(cause, { address: path });
  return cause;
}
