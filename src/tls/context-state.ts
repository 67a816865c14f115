/** A context as connections see it, from one reload to the next. */
import type { X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';

import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { TLSContextError } from '../core/errors/tls.js';
import type { StartTLSOptions, TLSConnection, TLSEngineKind, TLSRole } from '../core/tls.js';
import type { Transport } from '../core/transport.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { retire } from '../reactor/streams/retired-transport.js';
import { StreamTransport } from '../reactor/streams/stream-transport.js';
import { checkALPN } from './context-options.js';
import type { Handshakes } from './handshakes.js';
import { nodeContext } from './node-context.js';
import { type NodeTLSContext, NodeTLSEngine } from './node-engine.js';
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
  readonly secureContext: SecureContext;
  readonly #selectContext: (serverName: string) => unknown;

  /** @throws TLSContextError the settings are refused by OpenSSL. */
  constructor(parts: ContextParts) {
    this.role = parts.role;
    this.settings = parts.settings;
    this.handshakes = parts.handshakes;
    this.sessions = parts.sessions;
    this.mapClientCertificate = parts.mapClientCertificate;
    this.#selectContext = (serverName) => parts.selectContext(serverName);
    this.secureContext = nodeContext(parts.settings);
  }

  get isServer(): boolean {
    return this.role === 'server';
  }

  keysLogged(): void {}

  select(serverName: string, _engine: TLSEngineKind): unknown {
    return this.#selectContext(serverName);
  }

  /** Secures a live connection. @throws TLSContextError, and errors of arguments */
  secure(transport: Transport, options: StartTLSOptions): Transport {
    checkOptions('startTLS', options, OPTIONS);
    const alpnProtocols = checkALPN('alpnProtocols', options.alpnProtocols ?? []);
    const hostname = this.#hostname(options);
    if (!(transport instanceof StreamTransport)) {
      throw new InvalidArgumentTypeError('transport', 'a transport of Ropewalk', transport);
    }
    const connection = new SecuredConnection(this, 'node', hostname);
    const sessionKey = hostname === '' ? '' : `${hostname} ${alpnProtocols.join()}`;
    const engineOptions = { hostname, alpnProtocols, sessionKey };
    const { protocol } = transport;
    const secured = new TLSTransport(
      transport,
      connection,
      (listener) => new NodeTLSEngine(this, engineOptions, listener),
    );
    transport.moveProducerTo(secured);
    retire(transport, secured);
    if (protocol !== undefined && 'transport' in protocol) protocol.transport = secured;
    secured.begin();
    if (options.received !== undefined) secured.wireReceived(options.received);
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
