/** The context of servers. */
import { randomBytes, type X509Certificate } from 'node:crypto';

import type { Clock } from '../core/clock.js';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { TLSContextError } from '../core/errors/tls.js';
import type { StartTLSOptions, TLSConnection, TLSEngineKind } from '../core/tls.js';
import type { TLSContext, Transport } from '../core/transport.js';
import { isThenable } from '../defer/thenable.js';
import {
  checkChoice,
  checkClock,
  checkMilliseconds,
  checkPlainObject,
  checkTLSRole,
} from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { LoopingCall } from '../task/looping-call.js';
import {
  checkCallback,
  checkLimits,
  type FixedTLSOption,
  isGiven,
  sharedSettings,
  TLS_OPTIONS,
  type TLSOptions,
} from './context-options.js';
import { ContextState } from './context-state.js';
import { Handshakes } from './handshakes.js';
import { digestOf, filesOf, type TLSIdentities } from './identities.js';
import { keyLogTo } from './key-log.js';
import { ServerNames } from './server-names.js';
import { SessionCache } from './session-cache.js';
import type { TLSSettings } from './settings.js';
import { stampOf } from './watched-files.js';

/** The length of a ticket key: 16 bytes each of name, HMAC key and AES key, as for `node:tls`. */
export const TICKET_KEY_BYTES = 48;
/** {@link TLSServerContext.rotateTicketKeys} keeps that many. */
export const TICKET_KEYS_KEPT = 3;

/** Work that is repeated. */
export interface TLSInterval {
  readonly clock: Clock;
  /** More than 0. */
  readonly intervalMs: number;
}

const INTERVAL: OptionNames<TLSInterval> = { clock: true, intervalMs: true };

export interface TLSServerOptions extends TLSOptions {
  /**
   * Other certificates by the name that the client asks for (SNI): `example.com`, or `*.example.com` for one more label. A context
   * serves with its own certificates, roots and CRLs; everything else is as in this context. One that demands more of clients
   * (`clientCertificates`, `pinnedKeys`, `mapClientCertificate`) is refused.
   */
  readonly serverNames?: Readonly<Record<string, TLSIdentities | TLSServerContext>> | undefined;
  /**
   * Called with the name that a client asks for, in lower case, unless `serverNames` has it.
   * @returns A context, or a promise of one; undefined for this context; null refuses the name (alert unrecognized_name).
   */
  readonly selectContext?: ((serverName: string) => SelectedContext) | undefined;
  /** Whether clients are asked for certificates, and whether one is required. Default `ignored`. */
  readonly clientCertificates?: 'ignored' | 'requested' | 'required' | undefined;
  /**
   * Called for the verified certificate of a client when the handshake is complete.
   * @returns The identity: {@link TLSConnection.clientIdentity}. Undefined or null refuses the client: the connection ends with a
   * TLSCertificateError, unsent bytes are dropped, and the client gets the alert access_denied. Node's engine, and both with TLS 1.2,
   * cut the connection instead.
   */
  readonly mapClientCertificate?:
    | ((certificate: X509Certificate, connection: TLSConnection) => unknown)
    | undefined;
  /**
   * Keys of session tickets, 48 bytes each: the first encrypts, the others only decrypt (by the native engine). Give all workers
   * the same. They need `resumption`, as does their rotation. Default: a random one.
   */
  readonly ticketKeys?: readonly Uint8Array[] | undefined;
  /** Calls {@link TLSServerContext.rotateTicketKeys} at intervals, until `close`. */
  readonly ticketKeyRotation?: TLSInterval | undefined;
  /**
   * Looks at intervals whether files of `identity` and `serverNames` have changed, and then calls `reload`, until `close`. There
   * must be a file.
   */
  readonly watchFiles?: TLSInterval | undefined;
}

export type SelectedContext =
  | TLSServerContext
  | null
  | undefined
  | PromiseLike<TLSServerContext | null | undefined>;

const OPTIONS: OptionNames<TLSServerOptions> = {
  ...TLS_OPTIONS,
  serverNames: true,
  selectContext: true,
  clientCertificates: true,
  mapClientCertificate: true,
  ticketKeys: true,
  ticketKeyRotation: true,
  watchFiles: true,
};

/** The options that `reload` can change. */
export type TLSServerChanges = Omit<
  TLSServerOptions,
  FixedTLSOption | 'ticketKeys' | 'ticketKeyRotation' | 'watchFiles'
>;

const {
  engine,
  handshakeTimeoutMs,
  maxHandshakes,
  ticketKeys,
  ticketKeyRotation,
  watchFiles,
  ...CHANGES
} = OPTIONS;

const CLIENT_CERTIFICATES = ['ignored', 'requested', 'required'] as const;

/**
 * The settings of TLS servers. One context serves any number of connections, over any transport.
 *
 * @example
 * const context = new TLSServerContext({ identity: { certificateFile: 'cert.pem', keyFile: 'key.pem' } });
 * listenTLS(reactor, 443, factory, context);
 */
export class TLSServerContext implements TLSContext {
  readonly role = 'server';
  readonly #engine: TLSEngineKind;
  readonly #handshakes: Handshakes;
  readonly #loops: LoopingCall[] = [];
  #options: TLSServerOptions;
  #ticketKeys: readonly Buffer[];
  #names: ServerNames<TLSServerContext>;
  #state: ContextState;
  #stamp: string;

  /**
   * @throws TLSContextError, NativeTLSUnavailableError, UnknownOptionError, InvalidArgumentTypeError, InvalidArgumentValueError
   * @throws UnsupportedError on Bun and Deno: see docs/howto/tls.md.
   */
  constructor(options: TLSServerOptions) {
    checkOptions('TLSServerContext', options, OPTIONS);
    const { engine, timeoutMs, maxHandshakes } = checkLimits(options);
    this.#engine = engine;
    this.#handshakes = new Handshakes(timeoutMs, maxHandshakes);
    this.#ticketKeys = checkTicketKeys(options.ticketKeys ?? [randomBytes(TICKET_KEY_BYTES)]);
    this.#options = options;
    checkFixedOptions(options);
    this.#stamp = stampOfFiles(options);
    this.#names = this.#readNames(options);
    this.#state = this.#changedState(settingsOf(options, this.#ticketKeys));
    this.#repeat('ticketKeyRotation', options.ticketKeyRotation, () => this.rotateTicketKeys());
    this.#repeat('watchFiles', options.watchFiles, () => this.#checkFiles());
  }

  /** Handshakes in progress. */
  get handshakes(): number {
    return this.#handshakes.size;
  }

  /** The keys of session tickets, to be given to other workers. Keep them secret. */
  get ticketKeys(): readonly Buffer[] {
    return this.#ticketKeys;
  }

  /** @internal */
  get state(): ContextState {
    return this.#state;
  }

  /** @internal */
  secure(transport: Transport, options: StartTLSOptions): Transport {
    return this.#state.secure(transport, options);
  }

  /**
   * Reads all files again, and applies changed options. New connections use the result; present ones are unaffected.
   * @param changes Replaces options of the same name. The engine, limits, intervals and ticket keys cannot be changed.
   * @throws TLSContextError, and errors of arguments. In this case nothing changes.
   */
  reload(changes: TLSServerChanges = {}): void {
    checkOptions('reload', changes, CHANGES);
    const options = { ...this.#options, ...changes };
    const stamp = stampOfFiles(options);
    const names = this.#readNames(options);
    const settings = settingsOf(options, this.#ticketKeys);
    const previous = this.#options;
    this.#options = options;
    try {
      this.#state = this.#changedState(settings);
    } catch (error) {
      this.#options = previous;
      throw error;
    }
    this.#names = names;
    this.#stamp = stamp;
  }

  /**
   * New tickets are encrypted with another key. Tickets of the {@link TICKET_KEYS_KEPT} last keys are accepted by the native
   * engine, those of the last one by Node's.
   * @param key 48 bytes. Default: a random one.
   */
  rotateTicketKeys(key: Uint8Array = randomBytes(TICKET_KEY_BYTES)): void {
    const keys = checkTicketKeys([key, ...this.#ticketKeys]).slice(0, TICKET_KEYS_KEPT);
    this.#ticketKeys = keys;
    this.#state = this.#makeState({ ...this.#state.settings, ticketKeys: keys });
  }

  /** Ends the work that is repeated at intervals. The context remains usable. */
  close(): void {
    for (const loop of this.#loops.splice(0)) if (loop.running) loop.stop();
  }

  #makeState(settings: TLSSettings): ContextState {
    return new ContextState({
      role: 'server',
      settings,
      engine: this.#engine,
      handshakes: this.#handshakes,
      sessions: new SessionCache(0),
      selectContext: (serverName) => this.#select(serverName),
      mapClientCertificate: this.#options.mapClientCertificate,
    });
  }

  /** The state of new options. @throws TLSContextError */
  #changedState(settings: TLSSettings): ContextState {
    const state = this.#makeState(settings);
    for (const [name, value] of Object.entries(this.#options.serverNames ?? {})) {
      if (value instanceof TLSServerContext) state.checkNamed(name, value.state);
    }
    return state;
  }

  #readNames(options: TLSServerOptions): ServerNames<TLSServerContext> {
    const entries = Object.entries(options.serverNames ?? {});
    return new ServerNames(
      entries.map(([name, value]) => {
        if (value instanceof TLSServerContext) return [name, value] as const;
        const { serverNames, selectContext, ticketKeyRotation, watchFiles, ...rest } = options;
        const ticketKeys = options.resumption === false ? undefined : this.#ticketKeys;
        try {
          return [name, new TLSServerContext({ ...rest, identity: value, ticketKeys })] as const;
        } catch (cause) {
          if (!(cause instanceof TLSContextError)) throw cause;
          throw new TLSContextError(`serverNames, ${name}: ${cause.message}`, { cause });
        }
      }),
    );
  }

  /** @returns The state of the context for a name, or a promise of it; null refuses the name. */
  #select(serverName: string): unknown {
    if (serverName === '') return this.#stateOf(undefined);
    const named = this.#names.find(serverName);
    if (named !== undefined) return named.state;
    const selected = this.#options.selectContext?.(serverName);
    return isThenable(selected)
      ? selected.then((context) => this.#stateOf(context))
      : this.#stateOf(selected);
  }

  #stateOf(context: unknown): ContextState | null {
    if (context instanceof TLSServerContext) return context.state;
    if (context === null) return null;
    if (context === undefined) return this.#options.identity === undefined ? null : this.#state;
    const what = 'the result of selectContext';
    throw new InvalidArgumentTypeError(what, 'a TLSServerContext, null or undefined', context);
  }

  #checkFiles(): void {
    const stamp = stampOfFiles(this.#options);
    if (stamp === this.#stamp) return;
    try {
      this.reload();
    } catch (error) {
      // Certificate and key may be in the middle of being replaced: it is tried again when they have changed again.
      reportError(error, 'watchFiles of a TLSServerContext, which keeps its former certificates');
    }
    this.#stamp = stamp;
  }

  #repeat(what: string, interval: TLSInterval | undefined, work: () => void): void {
    if (interval === undefined) return;
    checkOptions(what, interval, INTERVAL);
    const { clock, intervalMs } = interval;
    checkClock(`${what}.clock`, clock);
    if (checkMilliseconds(`${what}.intervalMs`, intervalMs) === 0) {
      throw new InvalidArgumentValueError(`${what}.intervalMs`, 'more than 0', intervalMs);
    }
    const loop = new LoopingCall(clock, work);
    this.#loops.push(loop);
    loop.start(intervalMs, false).addErrback(() => {
      // The reactor has stopped.
    });
  }
}

/** The options that `reload` cannot change, as far as they need others. */
function checkFixedOptions(options: TLSServerOptions): void {
  const keyed = (['ticketKeys', 'ticketKeyRotation'] as const).find(
    (name) => options[name] !== undefined,
  );
  if (keyed !== undefined && options.resumption === false) {
    throw new TLSContextError(`${keyed} needs resumption, which is false`);
  }
  if (options.watchFiles !== undefined && watchedFiles(options).length === 0) {
    throw new TLSContextError(
      'watchFiles needs files: certificateFile and keyFile, or pfxFile, in identity or serverNames',
    );
  }
}

/** The options that serve to verify clients. */
const OF_CLIENT_CERTIFICATES = [
  'mapClientCertificate',
  'trustRoots',
  'crls',
  'pinnedKeys',
] as const;

function checkClientCertificates(options: TLSServerOptions): void {
  const name = OF_CLIENT_CERTIFICATES.find((option) => isGiven(options[option]));
  if (name === undefined) return;
  throw new TLSContextError(
    `${name} needs clientCertificates: 'required', or 'requested' to serve clients without a certificate too`,
  );
}

/** The state of the files that the options name. */
function stampOfFiles(options: TLSServerOptions): string {
  return stampOf(watchedFiles(options));
}

function watchedFiles({ identity, serverNames = {} }: TLSServerOptions): string[] {
  checkPlainObject('serverNames', serverNames);
  const named = Object.values(serverNames).filter((value) => !(value instanceof TLSServerContext));
  const all = [...(identity === undefined ? [] : [identity]), ...(named as TLSIdentities[])];
  return all.flatMap(filesOf);
}

function settingsOf(options: TLSServerOptions, ticketKeys: readonly Buffer[]): TLSSettings {
  const {
    clientCertificates = 'ignored',
    keyLogFile,
    selectContext,
    mapClientCertificate,
  } = options;
  checkChoice('clientCertificates', clientCertificates, CLIENT_CERTIFICATES);
  checkCallback('selectContext', selectContext);
  checkCallback('mapClientCertificate', mapClientCertificate);
  if (clientCertificates === 'ignored') checkClientCertificates(options);
  const names = Object.keys(options.serverNames ?? {});
  const selectsByName = names.length > 0 || selectContext !== undefined;
  if (options.identity === undefined && !selectsByName) {
    throw new TLSContextError('a server needs an identity: its certificate and its key');
  }
  const shared = sharedSettings(options, 'none');
  if (clientCertificates !== 'ignored' && shared.trust === 'roots' && shared.roots.length === 0) {
    throw new TLSContextError(
      'clientCertificates needs trustRoots: the certificates that issue those of the clients',
    );
  }
  const { roots, crls, pins, trust } = shared;
  return {
    ...shared,
    peerCertificate: clientCertificates,
    checksName: false,
    ticketKeys,
    sessionIdContext: digestOf([
      clientCertificates,
      trust,
      ...(roots === 'system' ? [roots] : roots),
      ...crls,
      ...pins,
    ]),
    sessionCacheSize: 0,
    selectsByName,
    requestsOCSP: false,
    keyLog: keyLogFile === undefined ? undefined : keyLogTo(keyLogFile),
  };
}

function checkTicketKeys(keys: readonly Uint8Array[]): Buffer[] {
  if (!Array.isArray(keys) || keys.length === 0) {
    const expected = 'an array with one key or more';
    throw new InvalidArgumentTypeError('ticketKeys', expected, Object(keys));
  }
  return keys.map((key) => {
    if (!(key instanceof Uint8Array)) {
      // An object is shown by its class: the error must not contain the key.
      throw new InvalidArgumentTypeError('a key of ticketKeys', 'a Buffer', Object(key));
    }
    if (key.byteLength === TICKET_KEY_BYTES) return Buffer.from(key);
    const what = 'the length of a key of ticketKeys';
    throw new InvalidArgumentValueError(what, `${TICKET_KEY_BYTES} bytes`, key.byteLength);
  });
}

/** @throws InvalidArgumentTypeError the context of a client; the errors of {@link TLSServerContext}. */
export function serverContextOf(context: TLSServerContext | TLSServerOptions): TLSServerContext {
  if (context instanceof TLSServerContext) return context;
  // Options have no role.
  const isOptions =
    typeof context === 'object' && (context as { role?: unknown } | null)?.role === undefined;
  if (!isOptions) checkTLSRole(context, TLSServerContext);
  return new TLSServerContext(context as TLSServerOptions);
}
