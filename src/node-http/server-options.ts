/** The options of the facade's server: those of `node:http`, and a few of the engine. */
import type { ServerOptions as NodeServerOptions } from 'node:http';
import { UnsupportedError } from '../core/errors/reactor.js';
import type { Reactor } from '../core/reactor.js';
import type { HTTPServerOptions } from '../http/server-settings.js';
import { checkFunction, checkInteger } from '../internal/check.js';
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
 * UnsupportedError: `insecureHTTPParser: true`, and `httpValidation` other than `strict`, because the parser has no such modes.
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
  /** As in Node 24: time in milliseconds by which idle connections outlive the announced `keepAliveTimeout`. Default 1,000. */
  readonly keepAliveTimeoutBuffer?: number;
  /**
   * As in Node 24: whether a request for an upgrade is given to the listeners of `upgrade`, or else is a plain request. Default: whether there
   * are listeners.
   */
  readonly shouldUpgradeCallback?: ShouldUpgrade;
  /** As in Node 24. Only `strict`, which is the default. */
  readonly httpValidation?: 'strict';
  /** As in Node 24. Changes nothing: requests without content cost nothing until they are read. */
  readonly optimizeEmptyRequests?: boolean;
  readonly IncomingMessage?: typeof IncomingMessage;
  readonly ServerResponse?: typeof ServerResponse;
}

/** Called with the server as `this`. */
export type ShouldUpgrade = (request: IncomingMessage) => boolean;

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
  const { engine = {}, httpValidation, insecureHTTPParser } = options;
  checkOptions('engine of createServer', engine, ENGINE_NAMES);
  if (insecureHTTPParser === true) {
    throw new UnsupportedError('insecureHTTPParser', 'malformed requests are refused: omit it');
  }
  if (httpValidation !== undefined && httpValidation !== 'strict') {
    throw new UnsupportedError('httpValidation', 'malformed requests are refused: omit it');
  }
  const { keepAliveTimeoutBuffer, shouldUpgradeCallback } = options;
  if (keepAliveTimeoutBuffer !== undefined) {
    checkInteger('keepAliveTimeoutBuffer', keepAliveTimeoutBuffer, 0, Number.MAX_SAFE_INTEGER);
  }
  if (shouldUpgradeCallback !== undefined) {
    checkFunction('shouldUpgradeCallback', shouldUpgradeCallback);
  }
  checkClass('IncomingMessage', options.IncomingMessage, IncomingMessage);
  checkClass('ServerResponse', options.ServerResponse, ServerResponse);
}

function checkClass(name: string, given: unknown, Expected: { readonly prototype: object }): void {
  if (given === undefined || given === Expected) return;
  if (typeof given === 'function' && given.prototype instanceof (Expected as never)) return;
  throw invalidArgument(`options.${name}`, `a subclass of ${name} of ropewalk/node-http`, given);
}
