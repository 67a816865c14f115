/** Two engines in memory, and settings for them. */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { setImmediate as nextPass } from 'node:timers/promises';

import type { TLSVersion } from '../../src/core/tls.js';
import type { TLSFailure } from '../../src/reactor/streams/secure-stream.js';
import type { TLSEngine, TLSEngineListener } from '../../src/tls/engine.js';
import { errorOf } from '../../src/tls/failures.js';
import { nativeContext } from '../../src/tls/native-context.js';
import { NativeTLSEngine } from '../../src/tls/native-engine.js';
import { nodeContext } from '../../src/tls/node-context.js';
import { NodeTLSEngine } from '../../src/tls/node-engine.js';
import { SessionCache } from '../../src/tls/session-cache.js';
import type { TLSChainIdentity, TLSSettings } from '../../src/tls/settings.js';
import type { MadeCertificate } from '../support/certificates.js';
import { PATIENCE } from '../support/deadline.js';

export const HOSTNAME = 'server.example';

export type EngineKind = 'native' | 'node';

export function der(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
}

export function identityOf(
  made: MadeCertificate,
  more: Partial<TLSChainIdentity> = {},
): TLSChainIdentity {
  return {
    chain: [der(made.certificate)],
    key: createPrivateKey(made.key).export({ type: 'pkcs8', format: 'der' }),
    ocspResponse: undefined,
    ...more,
  };
}

/** The pin of a certificate's key. */
export function pinOf(made: MadeCertificate): Buffer {
  const { publicKey } = new X509Certificate(made.certificate);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest();
}

const COMMON: TLSSettings = {
  identities: [],
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: 'ECDHE+AESGCM:ECDHE+CHACHA20',
  cipherSuites: 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256',
  groups: undefined,
  signatureAlgorithms: undefined,
  alpnProtocols: [],
  peerCertificate: 'ignored',
  trust: 'roots',
  roots: [],
  crls: [],
  checksName: true,
  pins: [],
  resumption: true,
  ticketKeys: [],
  sessionIdContext: Buffer.alloc(32, 1),
  sessionCacheSize: 0,
  selectsByName: false,
  requestsOCSP: false,
  keyLog: undefined,
};

export function serverSettings(
  identity: MadeCertificate,
  more: Partial<TLSSettings> = {},
): TLSSettings {
  return { ...COMMON, identities: [identityOf(identity)], ...more };
}

export function clientSettings(
  root: MadeCertificate,
  more: Partial<TLSSettings> = {},
): TLSSettings {
  return { ...COMMON, peerCertificate: 'required', roots: [der(root.certificate)], ...more };
}

/** The context of one role in an engine. */
export class EngineContext {
  readonly kind: EngineKind;
  readonly value: object;
  readonly isServer: boolean;
  readonly settings: TLSSettings;

  constructor(kind: EngineKind, settings: TLSSettings, isServer: boolean) {
    this.kind = kind;
    this.isServer = isServer;
    this.settings = settings;
    this.value =
      kind === 'native'
        ? nativeContext(settings, isServer)
        : {
            isServer,
            settings,
            secureContext: nodeContext(settings),
            sessions: new SessionCache(settings.sessionCacheSize),
          };
  }
}

export interface EndOptions {
  readonly hostname?: string;
  readonly alpnProtocols?: readonly string[];
  readonly sessionKey?: string;
  /** The answer for a server name. */
  readonly select?: (serverName: string) => object | null;
}

/** One end: an engine and everything that it has reported. */
export class End implements TLSEngineListener {
  readonly engine: TLSEngine;
  readonly events: string[] = [];
  readonly outgoing: Buffer[] = [];
  received = '';
  failure: TLSFailure | undefined = undefined;
  readonly #select: EndOptions['select'];

  constructor(context: EngineContext, options: EndOptions) {
    const { kind, value, isServer } = context;
    const { hostname = isServer ? '' : HOSTNAME, alpnProtocols = [], sessionKey = '' } = options;
    const parts = { hostname, alpnProtocols, sessionKey };
    this.#select = options.select;
    this.engine =
      kind === 'native'
        ? new NativeTLSEngine(value, parts, this)
        : new NodeTLSEngine(value as never, parts, this);
  }

  get open(): boolean {
    return this.events.includes('handshakeCompleted');
  }

  get over(): boolean {
    return this.failure !== undefined;
  }

  /** The code and the reason of the failure. */
  get fault(): string | undefined {
    if (this.failure === undefined) return undefined;
    const { name, reason } = errorOf(this.failure);
    return `${name} ${reason}`;
  }

  ciphertext(bytes: Buffer): void {
    this.outgoing.push(Buffer.from(bytes));
  }

  plaintext(bytes: Buffer): void {
    this.received += bytes.toString('latin1');
  }

  handshakeCompleted(): void {
    this.events.push('handshakeCompleted');
  }

  closed(): void {
    this.events.push('closed');
  }

  failed(failure: TLSFailure): void {
    this.failure = failure;
  }

  emptied(): void {}

  finished(): void {
    this.events.push('finished');
  }

  contextRequested(serverName: string, select: (context: object | null) => void): void {
    select(this.#select?.(serverName) ?? null);
  }
}

export class Conversation {
  readonly client: End;
  readonly server: End;

  constructor(
    client: EngineContext,
    server: EngineContext,
    options: EndOptions = {},
    serverOptions: EndOptions = {},
  ) {
    this.client = new End(client, options);
    this.server = new End(server, serverOptions);
    this.server.engine.start();
    this.client.engine.start();
  }

  /** Passes ciphertext on until `condition` holds. */
  async until(condition: () => boolean): Promise<void> {
    const end = performance.now() + 8_000 * PATIENCE;
    while (!condition()) {
      if (performance.now() > end) {
        const { client, server } = this;
        throw new Error(`waited in vain: ${JSON.stringify([client.events, server.events])}`);
      }
      this.pass(this.client, this.server);
      this.pass(this.server, this.client);
      await nextPass();
    }
  }

  /** Until both ends are open, or one has failed and the other has its alert. */
  async shakeHands(): Promise<void> {
    const { client, server } = this;
    await this.until(() => client.over || server.over || (client.open && server.open));
    // Tickets, and alerts that follow a client's end of the handshake.
    for (let i = 0; i < 10; i++) {
      this.pass(client, server);
      this.pass(server, client);
      await nextPass();
    }
  }

  /** Until `end` has emitted something, which is not passed on. */
  async emission(end: End): Promise<void> {
    while (end.outgoing.length === 0) await nextPass();
  }

  pass(from: End, to: End): void {
    for (const bytes of from.outgoing.splice(0)) {
      if (!to.over) to.engine.receive(bytes);
    }
  }

  end(): void {
    this.client.engine.destroy();
    this.server.engine.destroy();
  }
}

export interface Pairing {
  readonly client: EngineKind;
  readonly server: EngineKind;
  readonly version: TLSVersion;
}

const KINDS: readonly EngineKind[] = ['native', 'node'];
const VERSIONS: readonly TLSVersion[] = ['TLSv1.2', 'TLSv1.3'];

export const PAIRINGS: readonly Pairing[] = KINDS.flatMap((client) =>
  KINDS.flatMap((server) => VERSIONS.map((version) => ({ client, server, version }))),
);
