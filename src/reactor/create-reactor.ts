/** Chooses and makes reactors; keeps this thread's default one. */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

import { AddonNotLoadedError, UnsupportedError } from '../core/errors/reactor.js';
import type { Reactor } from '../core/reactor.js';
import { checkChoice } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { reactorChannel } from './diagnostics.js';
import type { NativeReactorOptions } from './native/options.js';
import { NativeReactor } from './native/reactor.js';
import { NodeReactor } from './node/reactor.js';
import type { ReactorOptions } from './reactor-options.js';

/**
 * `poller` and `busyPollUs` configure the native reactor. They have no effect if `auto` or `ROPEWALK_REACTOR` chooses the
 * pure-JS one.
 */
export interface CreateReactorOptions extends ReactorOptions, NativeReactorOptions {
  /**
   * `auto` chooses the native reactor if its addon loads, otherwise the pure-JS one with one warning. `node` refuses
   * `poller` and `busyPollUs`. Default: the environment variable `ROPEWALK_REACTOR`, else `auto`.
   */
  readonly kind?: 'auto' | 'native' | 'node';
}

const OPTIONS: OptionNames<CreateReactorOptions> = {
  kind: true,
  reportError: true,
  poisonLentBytes: true,
  measureTurns: true,
  threadPool: true,
  collectAfterBytes: true,
  shutdownTimeoutMs: true,
  poller: true,
  busyPollUs: true,
};

/**
 * Makes a new reactor.
 * @throws AddonNotLoadedError `kind` is `native` and the addon could not be loaded.
 * @throws UnsupportedError `poller` is not available here, or an option of the native reactor is combined with `kind: 'node'`.
 */
export function createReactor(options: CreateReactorOptions = {}): Reactor {
  checkOptions('createReactor', options, OPTIONS);
  const kind = checkChoice(
    options.kind === undefined ? 'ROPEWALK_REACTOR' : 'kind',
    options.kind ?? (process.env.ROPEWALK_REACTOR || 'auto'),
    ['auto', 'native', 'node'],
  );
  checkNativeOptions(options);
  const reactor = kind === 'node' ? new NodeReactor(options) : createNative(options, kind);
  if (reactorChannel.hasSubscribers) reactorChannel.publish({ reactor });
  return reactor;
}

/**
 * @internal Defaults are accepted: they ask for nothing.
 * @throws UnsupportedError `kind` is `node`, and an option configures the native reactor.
 */
export function checkNativeOptions(options: CreateReactorOptions): void {
  if (options.kind !== 'node') return;
  const { poller = 'auto', busyPollUs = 0 } = options;
  const name = poller !== 'auto' ? 'poller' : busyPollUs !== 0 ? 'busyPollUs' : undefined;
  if (name === undefined) return;
  const advice = "remove the option, or set kind to 'native' or 'auto'";
  throw new UnsupportedError(
    name,
    `it configures the native reactor, but kind is 'node': ${advice}`,
  );
}

function createNative(options: CreateReactorOptions, kind: 'auto' | 'native'): Reactor {
  try {
    return new NativeReactor(options);
  } catch (error) {
    if (kind === 'native' || !(error instanceof AddonNotLoadedError)) throw error;
    warnOnce(error);
    return new NodeReactor(options);
  }
}

let defaultReactor: Reactor | undefined;
const WARNED = 'ropewalk.warned';

/** This thread's default reactor, made on first use. For the edge of a program: libraries take a reactor as argument. */
export function getReactor(): Reactor {
  defaultReactor ??= createReactor();
  return defaultReactor;
}

/**
 * Makes `reactor` this thread's default one.
 * @returns The default reactor until now, if one was made or installed.
 */
export function installReactor(reactor: Reactor): Reactor | undefined {
  const previous = defaultReactor;
  defaultReactor = reactor;
  return previous;
}

/** Threads that are started from now on don't repeat it. */
function warnOnce(error: AddonNotLoadedError): void {
  if (getEnvironmentData(WARNED) === true) return;
  setEnvironmentData(WARNED, true);
  process.emitWarning(`${error.message} The pure-JS reactor is used instead.`, {
    type: 'RopewalkWarning',
    code: error.code,
    detail:
      '`npx ropewalk doctor` explains more. To silence this warning, set ROPEWALK_REACTOR=node.',
  });
}
