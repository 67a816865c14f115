/** The options of the facade's server: those of `node:http`, and a few of the engine. */
import type { ServerOptions as NodeServerOptions } from 'node:http';
import { UnsupportedError } from '../core/errors/reactor.js';
import type { Reactor } from '../core/reactor.js';
import type { HTTPServerOptions } from '../http/server-settings.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { TLSServerContext } from '../tls/server-context.js';
import { IncomingMessage } from './incoming-message.js';
import { invalidArgument } from './node-errors.js';
import { ServerResponse } from './server-response.js';

/** Options of the engine that `node:http` has no equivalent of. */
export type EngineOptions = Pick<
  HTTPServerOptions,
  | 'accessLog'
  | 'drainDeadlineMs'
  | 'maxContentBytes'
  | 'maxDiscardedBytes'
  | 'maxPipelinedBytes'
  | 'maxTargetBytes'
  | 'maxTrailerBytes'
  | 'wallClock'
  | 'writeTimeoutMs'
>;

/**
 * Those of `node:http`, with the same names and defaults, except for the classes, which must extend those of this package. Refused with an
 * UnsupportedError: `insecureHTTPParser: true` and `requireHostHeader: false`, because the parser has no such modes.
 */
export interface ServerOptions
  extends Omit<NodeServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  /** Accepts the connections. Default: `getReactor()`. */
  readonly reactor?: Reactor;
  /** Secures the connections: `req.socket.encrypted`. Default: in clear. */
  readonly tls?: TLSServerContext;
  /**
   * Limits and times of the engine: see `HTTPServerOptions`. Defaults: those of there, except that the content of a request
   * is not limited.
   */
  readonly engine?: EngineOptions;
  readonly IncomingMessage?: typeof IncomingMessage;
  readonly ServerResponse?: typeof ServerResponse;
}

const ENGINE_NAMES: OptionNames<EngineOptions> = {
  accessLog: true,
  drainDeadlineMs: true,
  maxContentBytes: true,
  maxDiscardedBytes: true,
  maxPipelinedBytes: true,
  maxTargetBytes: true,
  maxTrailerBytes: true,
  wallClock: true,
  writeTimeoutMs: true,
};

/** @throws UnsupportedError, UnknownOptionError, TypeError as Node does. */
export function checkServerOptions(options: ServerOptions): void {
  const { engine = {}, insecureHTTPParser, requireHostHeader } = options;
  checkOptions('engine of createServer', engine, ENGINE_NAMES);
  if (insecureHTTPParser === true) {
    throw new UnsupportedError('insecureHTTPParser', 'malformed requests are refused: omit it');
  }
  if (requireHostHeader === false) {
    throw new UnsupportedError('requireHostHeader', 'HTTP/1.1 requires Host: omit it');
  }
  checkClass('IncomingMessage', options.IncomingMessage, IncomingMessage);
  checkClass('ServerResponse', options.ServerResponse, ServerResponse);
}

function checkClass(name: string, given: unknown, Expected: { readonly prototype: object }): void {
  if (given === undefined || given === Expected) return;
  if (typeof given === 'function' && given.prototype instanceof (Expected as never)) return;
  throw invalidArgument(`options.${name}`, `a subclass of ${name} of ropewalk/node-http`, given);
}
