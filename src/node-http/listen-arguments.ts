/** The many forms of `server.listen`, and its errors: those of Node. */
import type { ListenOptions } from 'node:net';
import { CannotListenError, DescriptorError } from '../core/errors/listening.js';
import { NameResolutionError } from '../core/errors/names.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import { checkAbortSignal } from '../internal/check.js';
import {
  badPort,
  invalidArgument,
  invalidListenOptions,
  invalidListenSocket,
} from './node-errors.js';

/** Where and how to listen: `fd`, `path` or `port`. */
export interface ListenRequest {
  /** A listening socket of another owner. */
  readonly fd: number | undefined;
  readonly path: string | undefined;
  readonly port: number;
  /** An address or a name. Default: every address. */
  readonly host: string | undefined;
  readonly backlog: number | undefined;
  readonly ipv6Only: boolean;
  readonly reusePort: boolean;
  readonly readableAll: boolean;
  readonly writableAll: boolean;
  readonly signal: AbortSignal | undefined;
  readonly callback: (() => void) | undefined;
}

/** Options as programs pass them. */
type GivenOptions = ListenOptions & {
  readonly fd?: unknown;
  readonly handle?: unknown;
  readonly _handle?: unknown;
  readonly reusePort?: boolean;
};

/**
 * `listen([port][, host][, backlog][, callback])`, `listen(path[, backlog][, callback])`, `listen(options[, callback])`.
 * @throws TypeErrors and RangeErrors as those of Node, UnsupportedError: a handle of Node.
 */
export function listenRequest(args: readonly unknown[]): ListenRequest {
  const last = args.at(-1);
  const callback = typeof last === 'function' ? (last as () => void) : undefined;
  const [first, second, third] = callback === undefined ? args : args.slice(0, -1);
  const options = optionsOf(first, second);
  const { signal } = options;
  if (signal !== undefined) checkSignal(signal);
  return {
    ...place(options),
    backlog: backlogOf(options.backlog) ?? backlogOf(second) ?? backlogOf(third),
    ipv6Only: options.ipv6Only === true,
    reusePort: options.reusePort === true,
    readableAll: options.readableAll === true,
    writableAll: options.writableAll === true,
    signal,
    callback,
  };
}

function optionsOf(first: unknown, second: unknown): GivenOptions {
  if (typeof first === 'object' && first !== null) {
    const options = first as GivenOptions;
    return 'port' in options ? { ...options, port: (options.port ?? 0) as number } : options;
  }
  if (isPath(first)) return { path: first };
  const port = (first ?? 0) as number;
  return typeof second === 'string' ? { port, host: second } : { port };
}

/** In the order in which Node looks at them. */
function place(options: GivenOptions): Pick<ListenRequest, 'fd' | 'path' | 'port' | 'host'> {
  const { fd, path, host } = options;
  const port = options.port as unknown;
  if (options.handle || options._handle) {
    throw new UnsupportedError('listening on a handle of Node', 'pass its descriptor as fd');
  }
  const elsewhere = { fd: undefined, path: undefined, port: 0, host: undefined };
  if (typeof fd === 'number' && fd >= 0) return { ...elsewhere, fd };
  if (typeof port === 'number' || typeof port === 'string') {
    return { ...elsewhere, port: checkedPort(port), host: checkedHost(host) };
  }
  if (isPath(path)) return { ...elsewhere, path };
  throw invalidListenOptions('port' in options || 'path' in options);
}

/** Texts that are no number: `listen('8080')` is a port. */
function isPath(value: unknown): value is string {
  return typeof value === 'string' && !(Number(value) >= 0);
}

function checkedPort(port: number | string): number {
  const number = typeof port === 'string' && port.trim() === '' ? Number.NaN : Number(port);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) throw badPort(port);
  return number;
}

function checkedHost(host: unknown): string | undefined {
  if (!host) return undefined;
  if (typeof host !== 'string') throw invalidArgument('hostname', 'of type string', host);
  return host;
}

function checkSignal(signal: unknown): void {
  try {
    checkAbortSignal('options.signal', signal);
  } catch {
    throw invalidArgument('options.signal', 'an instance of AbortSignal', signal);
  }
}

const MAX_BACKLOG = 2 ** 31 - 1;

/** Others than positive numbers, and their texts, are left to the default. */
function backlogOf(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const number = Math.trunc(Number(value));
  return number > 0 ? Math.min(number, MAX_BACKLOG) : undefined;
}

/** The error of an `error` event: that of the system, as of `node:net`. */
export function listenError(error: unknown): unknown {
  if (error instanceof DescriptorError) return invalidListenSocket(error);
  if (error instanceof NameResolutionError) return nameError(error);
  if (!(error instanceof CannotListenError) || !(error.cause instanceof Error)) return error;
  const { cause } = error;
  const { interface: host, port, path } = error;
  // As `node:net`, which says so for every step: programs compare it.
  const message = cause.message.replace(/^bind /, 'listen ');
  const syscall = 'listen';
  if (port === undefined) return Object.assign(cause, { syscall, message, address: path });
  const address = host || '::';
  if (port !== 0) return Object.assign(cause, { syscall, message, address, port });
  return Object.assign(cause, {
    syscall,
    message: message.replace(/:0$/, ''),
    address,
    port: undefined,
  });
}

/** That of `dns.lookup`, if it is the cause. */
function nameError(error: NameResolutionError): Error {
  const { cause } = error;
  return cause instanceof Error && 'syscall' in cause ? cause : error;
}
