/**
 * One TLS connection, whatever encrypts it: its facts, and the decisions that contexts make. A transport of the reactor with TLS
 * of its own and {@link TLSTransport} both call it.
 */
import { X509Certificate } from 'node:crypto';

import type { Clock } from '../core/clock.js';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { withoutStack } from '../core/errors/base.js';
import {
  TLSCertificateError,
  TLSContextError,
  TLSHandshakeError,
  TLSTruncatedError,
} from '../core/errors/tls.js';
import type { TLSConnection, TLSEngineKind, TLSRole, TLSVersion } from '../core/tls.js';
import { onRejection } from '../defer/callback-result.js';
import { isThenable } from '../defer/thenable.js';
import { checkInteger, checkString } from '../internal/check.js';
import { tlsHandshakeChannel } from '../reactor/diagnostics.js';
import type { SecureStreamHooks, TLSFailure, TLSState } from '../reactor/streams/secure-stream.js';
import type { StreamTransport } from '../reactor/streams/stream-transport.js';
import { ALERTS, errorOf, subjectOf } from './failures.js';
import type { Handshakes } from './handshakes.js';
import { isServerName } from './server-names.js';

/** RFC 8446 section 7.1, without its prefix `tls13 `. */
const MAX_EXPORT_LABEL = 249;

/** The context of a connection. */
export interface ConnectionContext {
  readonly role: TLSRole;
  /** Whether this is a client with a certificate, which the server may refuse after the client's handshake. */
  readonly presentsCertificate: boolean;
  readonly handshakes: Handshakes;
  /** Server: the engine's context for a name; null refuses it. May be a promise. */
  select(serverName: string, engine: TLSEngineKind): unknown;
  /** Server: see `mapClientCertificate`; undefined if there is no such option. */
  mapClientCertificate?:
    | ((certificate: X509Certificate, connection: TLSConnection) => unknown)
    | undefined;
  /** Lines of the key log are available. @param engineContext The selected one; undefined: the context's own. */
  keysLogged(engineContext: object | undefined): void;
}

/** The source of a connection's facts, read on demand. */
export interface ConnectionSource {
  readTLSState(): TLSState | undefined;
  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Buffer;
  refusePeer(alert: number): void;
}

export class SecuredConnection implements TLSConnection, SecureStreamHooks {
  readonly engine: TLSEngineKind;
  handshakeComplete = false;
  clientIdentity: unknown = undefined;
  readonly #context: ConnectionContext;
  readonly #hostname: string;
  #transport: (StreamTransport & ConnectionSource) | undefined = undefined;
  #state: TLSState | undefined = undefined;
  /** Server: by name. Null: refused. */
  #selected: object | null | undefined = undefined;

  /** @param hostname Of a client; empty if it was not given. */
  constructor(context: ConnectionContext, engine: TLSEngineKind, hostname: string) {
    this.engine = engine;
    this.#context = context;
    this.#hostname = hostname;
  }

  /** The handshake begins. */
  begin(transport: StreamTransport & ConnectionSource, clock: Clock | undefined): void {
    this.#transport = transport;
    this.#context.handshakes.begin(this, clock);
  }

  get connection(): TLSConnection {
    return this;
  }

  get role(): TLSRole {
    return this.#context.role;
  }

  get version(): TLSVersion | undefined {
    return this.#read()?.version as TLSVersion | undefined;
  }

  get cipher(): string | undefined {
    return this.#read()?.cipher;
  }

  get negotiatedProtocol(): string | undefined {
    return this.#read()?.negotiatedProtocol || undefined;
  }

  get serverName(): string | undefined {
    if (this.role === 'client') return this.#hostname || undefined;
    return this.#read()?.serverName.toLowerCase() || undefined;
  }

  get resumed(): boolean {
    return this.#read()?.resumed === true;
  }

  get ocspResponse(): Buffer | undefined {
    return this.#read()?.ocspResponse;
  }

  getPeerCertificate(): X509Certificate | undefined {
    const [own] = this.#read()?.peerCertificates ?? [];
    return own === undefined ? undefined : new X509Certificate(own);
  }

  getPeerCertificateChain(): readonly X509Certificate[] {
    return (this.#read()?.peerCertificates ?? []).map((der) => new X509Certificate(der));
  }

  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    checkInteger('length', length, 1, 65_535);
    checkString('label', label);
    if (Buffer.byteLength(label) > MAX_EXPORT_LABEL) {
      throw new InvalidArgumentValueError('label', `at most ${MAX_EXPORT_LABEL} bytes`, label);
    }
    try {
      return (this.#transport as ConnectionSource).exportKeyingMaterial(length, label, context);
    } catch (cause) {
      const when = this.handshakeComplete
        ? 'the connection has ended'
        : 'the handshake is not complete';
      throw new TLSContextError(`exportKeyingMaterial: ${when}`, { cause });
    }
  }

  /** @internal */
  contextRequested(serverName: string, select: (context: object | null) => void): void {
    const name = serverName.toLowerCase();
    const answer = (context: unknown): void => {
      this.#selected = context as object | null;
      select(this.#selected);
    };
    if (name !== '' && !isServerName(name)) {
      answer(null);
      return;
    }
    try {
      const context = this.#context.select(name, this.engine);
      if (!isThenable(context)) answer(context);
      else context.then(answer, (error: unknown) => this.#threw(error, 'selectContext'));
    } catch (error) {
      this.#threw(error, 'selectContext');
    }
  }

  /** @internal */
  handshakeCompleted(): void {
    this.handshakeComplete = true;
    this.#context.handshakes.end(this);
    this.#context.keysLogged(this.#selected ?? undefined);
    const transport = this.#transport as StreamTransport & ConnectionSource;
    if (tlsHandshakeChannel.hasSubscribers) tlsHandshakeChannel.publish({ transport, tls: this });
    if (this.#mapped(transport)) transport.secured();
  }

  /** @internal */
  failed(failure: TLSFailure): Error {
    this.#context.keysLogged(this.#selected ?? undefined);
    if (this.#selected !== null) return errorOf(failure, this.#hostname);
    const details = { reason: 'UNRECOGNIZED_NAME', alert: ALERTS.UNRECOGNIZED_NAME };
    return withoutStack(
      () => new TLSHandshakeError('the client asked for a name that is not served', details),
    );
  }

  /** @internal */
  truncated(): Error {
    const { presentsCertificate } = this.#context;
    return withoutStack(() => new TLSTruncatedError(this.handshakeComplete, presentsCertificate));
  }

  /** @internal */
  ended(): void {
    this.#context.handshakes.end(this);
  }

  /** @internal */
  giveUp(reason: Error): void {
    this.#context.handshakes.end(this);
    this.#transport?.endWith(reason);
  }

  /** @returns Whether the connection remains open. */
  #mapped(transport: StreamTransport & ConnectionSource): boolean {
    const { mapClientCertificate } = this.#context;
    if (mapClientCertificate === undefined) return true;
    try {
      const certificate = this.getPeerCertificate();
      if (certificate === undefined) return true;
      const identity = mapClientCertificate(certificate, this);
      // An identity that arrives later would come after data.
      if (isThenable(identity)) {
        onRejection(identity, () => {});
        throw new TypeError('mapClientCertificate must return the identity, not a promise');
      }
      this.clientIdentity = identity;
      if (identity !== null && identity !== undefined) return true;
      const subject = subjectOf(certificate);
      const detail = 'mapClientCertificate has no identity for it';
      transport.refusePeer(ALERTS.ACCESS_DENIED);
      transport.endWith(new TLSCertificateError({ reason: 'refused', detail, subject, depth: 0 }));
    } catch (error) {
      transport.refusePeer(ALERTS.INTERNAL_ERROR);
      this.#threw(error, 'mapClientCertificate');
    }
    return false;
  }

  #threw(error: unknown, where: string): void {
    this.#transport?.fail(error, where);
  }

  #read(): TLSState | undefined {
    if (this.#state === undefined && this.handshakeComplete) {
      this.#state = this.#transport?.readTLSState();
    }
    return this.#state;
  }
}
