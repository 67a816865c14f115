/** The context of clients. */

import { TLSContextError } from '../core/errors/tls.js';
import type { StartTLSOptions, TLSEngineKind } from '../core/tls.js';
import type { TLSContext, Transport } from '../core/transport.js';
import { checkBoolean, checkInteger, checkTLSRole } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import {
  checkLimits,
  type FixedTLSOption,
  isGiven,
  sharedSettings,
  TLS_OPTIONS,
  type TLSOptions,
  TRUST_ANY,
} from './context-options.js';
import { ContextState } from './context-state.js';
import { Handshakes } from './handshakes.js';
import { digestOf } from './identities.js';
import { keyLogTo } from './key-log.js';
import { SessionCache } from './session-cache.js';
import type { TLSSettings } from './settings.js';

const DEFAULT_SESSION_CACHE_SIZE = 100;

export interface TLSClientOptions extends TLSOptions {
  /** Whether the certificate must be for the host name. Default true, unless every certificate is trusted. */
  readonly checkHostname?: boolean | undefined;
  /** The number of host names of which a session is kept. 0: none. Default 100. */
  readonly sessionCacheSize?: number | undefined;
  /** Whether to ask for a stapled OCSP response: {@link TLSConnection.ocspResponse}. It is not verified. Default false. */
  readonly requestOCSP?: boolean | undefined;
}

const OPTIONS: OptionNames<TLSClientOptions> = {
  ...TLS_OPTIONS,
  checkHostname: true,
  sessionCacheSize: true,
  requestOCSP: true,
};

/** The options that `reload` can change. */
export type TLSClientChanges = Omit<TLSClientOptions, FixedTLSOption>;

const { engine, handshakeTimeoutMs, maxHandshakes, ...CHANGES } = OPTIONS;

/**
 * The settings of TLS clients. One context serves any number of connections, over any transport, and keeps their sessions.
 *
 * @example
 * connectTLS(reactor, 'example.com', 443, factory, new TLSClientContext());
 */
export class TLSClientContext implements TLSContext {
  readonly role = 'client';
  readonly #engine: TLSEngineKind;
  readonly #handshakes: Handshakes;
  #options: TLSClientOptions;
  #state: ContextState;

  /**
   * @throws TLSContextError, NativeTLSUnavailableError, UnknownOptionError, InvalidArgumentTypeError, InvalidArgumentValueError
   * @throws UnsupportedError on Bun and Deno: see docs/howto/tls.md.
   */
  constructor(options: TLSClientOptions = {}) {
    checkOptions('TLSClientContext', options, OPTIONS);
    const { engine, timeoutMs, maxHandshakes } = checkLimits(options);
    this.#engine = engine;
    this.#handshakes = new Handshakes(timeoutMs, maxHandshakes);
    this.#options = options;
    this.#state = this.#makeState(settingsOf(options));
  }

  /** Handshakes in progress. */
  get handshakes(): number {
    return this.#handshakes.size;
  }

  /** @internal */
  secure(transport: Transport, options: StartTLSOptions): Transport {
    return this.#state.secure(transport, options);
  }

  /**
   * Reads all files again, and applies changed options. New connections use the result; sessions are forgotten.
   * @param changes Replaces options of the same name. The engine and limits cannot be changed.
   * @throws TLSContextError, and errors of arguments. In this case nothing changes.
   */
  reload(changes: TLSClientChanges = {}): void {
    checkOptions('reload', changes, CHANGES);
    const options = { ...this.#options, ...changes };
    this.#state = this.#makeState(settingsOf(options));
    this.#options = options;
  }

  #makeState(settings: TLSSettings): ContextState {
    return new ContextState({
      role: 'client',
      settings,
      engine: this.#engine,
      handshakes: this.#handshakes,
      sessions: new SessionCache(settings.sessionCacheSize),
      selectContext: () => null,
    });
  }
}

function settingsOf(options: TLSClientOptions): TLSSettings {
  const { trustRoots, checkHostname = trustRoots !== TRUST_ANY, requestOCSP = false } = options;
  const { sessionCacheSize = DEFAULT_SESSION_CACHE_SIZE, keyLogFile } = options;
  const shared = sharedSettings(options, 'system');
  if (!isGiven(options.trustRoots ?? 'system')) {
    throw new TLSContextError('trustRoots is an empty list: no server would be trusted');
  }
  checkInteger('sessionCacheSize', sessionCacheSize, 0, 1_000_000);
  if (!shared.resumption && (options.sessionCacheSize ?? 0) > 0) {
    throw new TLSContextError('sessionCacheSize needs resumption, which is false');
  }
  if (shared.identities.some((identity) => identity.ocspResponse !== undefined)) {
    throw new TLSContextError(
      'identity.ocspResponse is for servers: clients send none. To ask for the one of the server, set requestOCSP',
    );
  }
  return {
    ...shared,
    peerCertificate: 'required',
    checksName: checkBoolean('checkHostname', checkHostname),
    ticketKeys: [],
    sessionIdContext: digestOf(['client']),
    sessionCacheSize: shared.resumption ? sessionCacheSize : 0,
    selectsByName: false,
    requestsOCSP: checkBoolean('requestOCSP', requestOCSP),
    keyLog: keyLogFile === undefined ? undefined : keyLogTo(keyLogFile),
  };
}

/** @throws InvalidArgumentTypeError the context of a server; the errors of {@link TLSClientContext}. */
export function clientContextOf(context: TLSClientContext | TLSClientOptions): TLSClientContext {
  if (context instanceof TLSClientContext) return context;
  // Options have no role.
  const isOptions =
    typeof context === 'object' && (context as { role?: unknown } | null)?.role === undefined;
  if (!isOptions) checkTLSRole(context, TLSClientContext);
  return new TLSClientContext(context as TLSClientOptions);
}
