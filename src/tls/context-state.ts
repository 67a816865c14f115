/** A context as connections see it, from one reload to the next. */
import type { X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';

import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { TLSContextError } from '../core/errors/tls.js';
import type { StartTLSOptions, TLSConnection, TLSEngineKind, TLSRole } from '../core/tls.js';
import type { Transport } from '../core/transport.js';
import { isThenable } from '../defer/thenable.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { NativeTLSContext } from '../native.js';
import { retire } from '../reactor/streams/retired-transport.js';
import type {
  SecurableStream,
  SocketSecurableStream,
  SocketStream,
} from '../reactor/streams/secure-stream.js';
import { StreamTransport } from '../reactor/streams/stream-transport.js';
import { checkALPN } from './context-options.js';
import type { TLSEngineOptions } from './engine.js';
import type { Handshakes } from './handshakes.js';
import { digestOf } from './identities.js';
import { nativeContext } from './native-context.js';
import { NativeTLSEngine } from './native-engine.js';
import { nativeTLS } from './native-tls.js';
import { nodeContext } from './node-context.js';
import { type NodeTLSContext, NodeTLSEngine } from './node-engine.js';
import { SocketTLSEngine } from './node-socket-engine.js';
import { checkRuntime } from './runtimes.js';
import { type ConnectionContext, SecuredConnection } from './secured-connection.js';
import { peerName } from './server-names.js';
import type { SessionCache } from './session-cache.js';
import type { TLSSettings } from './settings.js';
import { TLSTransport } from './tls-transport.js';

const OPTIONS: OptionNames<StartTLSOptions> = {
  hostname: true,
  alpnProtocols: true,
  received: true,
};

const NOTHING = Buffer.alloc(0);
/** From the laxest. */
const STRICTNESS: readonly TLSSettings['peerCertificate'][] = ['ignored', 'requested', 'required'];

export interface ContextParts {
  readonly role: TLSRole;
  readonly settings: TLSSettings;
  readonly engine: TLSEngineKind;
  readonly handshakes: Handshakes;
  readonly sessions: SessionCache;
  /** Server: the context for a name, or a promise of it; null refuses it. */
  selectContext(serverName: string): unknown;
  mapClientCertificate?:
    | ((certificate: X509Certificate, connection: TLSConnection) => unknown)
    | undefined;
}

export class ContextState implements ConnectionContext, NodeTLSContext {
  readonly role: TLSRole;
  readonly settings: TLSSettings;
  readonly handshakes: Handshakes;
  readonly sessions: SessionCache;
  readonly mapClientCertificate: ConnectionContext['mapClientCertificate'];
  readonly engine: TLSEngineKind;
  #secureContext: SecureContext | undefined = undefined;
  #nativeContext: NativeTLSContext | undefined = undefined;
  /** Those with the certificates, roots and CRLs of others. */
  readonly #namedContexts = new WeakMap<ContextState, NativeTLSContext>();
  readonly #selectContext: (serverName: string) => unknown;

  /** @throws TLSContextError the settings are refused by OpenSSL. @throws UnsupportedError on Bun and Deno. */
  constructor(parts: ContextParts) {
    checkRuntime(parts.role, parts.settings);
    this.role = parts.role;
    this.settings = parts.settings;
    this.handshakes = parts.handshakes;
    this.sessions = parts.sessions;
    this.mapClientCertificate = parts.mapClientCertificate;
    this.#selectContext = (serverName) => parts.selectContext(serverName);
    this.engine = parts.engine;
    // Faults of the settings are found now, not at the first connection.
    this.contextOf(parts.engine);
  }

  get isServer(): boolean {
    return this.role === 'server';
  }

  get presentsCertificate(): boolean {
    return !this.isServer && this.settings.identities.length > 0;
  }

  get secureContext(): SecureContext {
    this.#secureContext ??= nodeContext(this.settings);
    return this.#secureContext;
  }

  get nativeContext(): NativeTLSContext {
    this.#nativeContext ??= nativeContext(this.settings, this.isServer);
    return this.#nativeContext;
  }

  /** The context in the form that the engine needs. */
  contextOf(engine: TLSEngineKind): object {
    if (engine === 'native') return this.nativeContext;
    return this.secureContext && this;
  }

  keysLogged(engineContext: object | undefined): void {
    const { keyLog } = this.settings;
    if (keyLog === undefined || this.engine !== 'native') return;
    const lines = nativeTLS().takeTlsKeyLog(engineContext ?? this.nativeContext);
    for (const line of lines.split('\n')) if (line !== '') keyLog(line);
  }

  select(serverName: string, engine: TLSEngineKind): unknown {
    const selected = this.#selectContext(serverName);
    if (isThenable(selected)) {
      return selected.then((state) => this.#serving(state, engine, serverName));
    }
    return this.#serving(selected, engine, serverName);
  }

  /**
   * @param name The name that `named` serves.
   * @throws TLSContextError clients would be verified less than `named` demands, because this context decides, or `named` would
   * refuse every certificate of a client.
   */
  checkNamed(name: string, named: ContextState): void {
    const { settings } = this;
    const demands = named.settings;
    const weaker =
      STRICTNESS.indexOf(settings.peerCertificate) < STRICTNESS.indexOf(demands.peerCertificate);
    const unpinned = demands.pins.length > 0 && !arePinsAmong(settings.pins, demands.pins);
    const { mapClientCertificate: map } = named;
    const unmapped = map !== undefined && map !== this.mapClientCertificate;
    if (settings.peerCertificate !== 'ignored' && trustsNobody(demands)) {
      throw new TLSContextError(
        `the context of ${name} has no trustRoots, so no certificate of a client would be accepted: the context that listens asks for them. Set clientCertificates and trustRoots in both`,
      );
    }
    const option = weaker
      ? 'clientCertificates'
      : unpinned
        ? 'pinnedKeys'
        : unmapped
          ? 'mapClientCertificate'
          : undefined;
    if (option === undefined) return;
    throw new TLSContextError(
      `the context of ${name} has ${option} that would have no effect: the context that listens decides. Set the same ${option} there`,
    );
  }

  /** The context of a name, in the form that the engine needs: see `TLSServerOptions.serverNames`. */
  #serving(state: unknown, engine: TLSEngineKind, serverName: string): object | null {
    if (!(state instanceof ContextState)) return null;
    if (state === this) return state.contextOf(engine);
    if (engine !== 'native') {
      this.checkNamed(serverName, state);
      return state.contextOf(engine);
    }
    let context = this.#namedContexts.get(state);
    if (context === undefined) {
      this.checkNamed(serverName, state);
      context = nativeContext(servedByName(this.settings, state.settings), true);
      this.#namedContexts.set(state, context);
    }
    return context;
  }

  /** Secures a live connection. @throws TLSContextError, and errors of arguments */
  secure(transport: Transport, options: StartTLSOptions): Transport {
    checkOptions('startTLS', options, OPTIONS);
    const alpnProtocols = checkALPN('alpnProtocols', options.alpnProtocols ?? []);
    const hostname = this.#hostname(options);
    if (!(transport instanceof StreamTransport)) {
      throw new InvalidArgumentTypeError('transport', 'a transport of Ropewalk', transport);
    }
    const connection = new SecuredConnection(this, this.engine, hostname);
    const sessionKey = hostname === '' ? '' : `${hostname} ${alpnProtocols.join()}`;
    const engineOptions = { hostname, alpnProtocols, sessionKey };
    const { received = NOTHING } = options;
    if (!(received instanceof Uint8Array)) {
      throw new InvalidArgumentTypeError('received', 'a Buffer', received);
    }
    if (this.engine === 'native' && isSecurable(transport)) {
      const secured = this.#secureInReactor(transport, connection, engineOptions, received);
      if (secured !== undefined) return secured;
    }
    const secured = new TLSTransport(transport, connection, (listener) => {
      if (this.engine === 'native') {
        return new NativeTLSEngine(this.nativeContext, engineOptions, listener);
      }
      const stream = received.byteLength === 0 ? socketStreamOf(transport) : undefined;
      return stream === undefined
        ? new NodeTLSEngine(this, engineOptions, listener)
        : new SocketTLSEngine(this, engineOptions, listener, stream);
    });
    replaceTransport(transport, secured);
    retire(transport, secured);
    secured.begin();
    if (received.byteLength > 0) secured.wireReceived(received);
    return secured;
  }

  /** The reactor encrypts, unless parts of files are unsent. */
  #secureInReactor(
    transport: StreamTransport & SecurableStream,
    hooks: SecuredConnection,
    options: TLSEngineOptions,
    received: Buffer,
  ): Transport | undefined {
    const { isServer, nativeContext: context } = this;
    const secured = transport.secureStream({ ...options, isServer, context, received, hooks });
    if (secured === undefined) return undefined;
    replaceTransport(transport, secured);
    hooks.begin(secured, secured.clock);
    return secured;
  }

  #hostname({ hostname }: StartTLSOptions): string {
    if (this.isServer) {
      if (hostname === undefined) return '';
      throw new TLSContextError('hostname is the name of the server: a server has no such option');
    }
    if (hostname !== undefined) return peerName(hostname);
    if (!this.settings.checksName) return '';
    throw new TLSContextError(
      'hostname is required: the name or IP address that the certificate of the server must have',
    );
  }
}

function isSecurable(transport: StreamTransport): transport is StreamTransport & SecurableStream {
  // TLS over TLS is a layer above, and so is TLS over pipes: the reactor encrypts sockets only.
  const socket = transport.tls === undefined && transport.getPeer().type !== 'PIPE';
  return socket && 'secureStream' in transport;
}

/** The socket of Node, if it can be encrypted in place. */
function socketStreamOf(transport: StreamTransport): SocketStream | undefined {
  const { socketStream } = transport as Partial<SocketSecurableStream>;
  return socketStream?.call(transport);
}

/** The producer, and the protocol, if it has a transport, now have the secured one. */
function replaceTransport(transport: StreamTransport, secured: StreamTransport): void {
  transport.moveProducerTo(secured);
  const { protocol } = secured;
  if (protocol !== undefined && 'transport' in protocol) protocol.transport = secured;
}

/** Whether there are pins, and all of them are among `allowed`. */
function arePinsAmong(pins: readonly Buffer[], allowed: readonly Buffer[]): boolean {
  return pins.length > 0 && pins.every((pin) => allowed.some((other) => other.equals(pin)));
}

function trustsNobody({ trust, roots }: TLSSettings): boolean {
  return trust === 'roots' && roots.length === 0;
}

/** The settings of a context with the certificates, roots and CRLs of another one. */
function servedByName(settings: TLSSettings, named: TLSSettings): TLSSettings {
  const { identities, roots, crls, trust } = named;
  const own = settings.sessionIdContext;
  const sessionIdContext = own.equals(named.sessionIdContext)
    ? own
    : digestOf([own, named.sessionIdContext]);
  return { ...settings, identities, roots, crls, trust, sessionIdContext };
}
