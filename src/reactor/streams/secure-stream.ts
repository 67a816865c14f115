/**
 * TLS inside a reactor's own transport: the seam between `src/tls`, which has contexts and rules, and a transport that encrypts
 * below JavaScript. Transports without it are secured by a layer above them.
 */
import type { Socket } from 'node:net';

import type { TLSConnection } from '../../core/tls.js';
import type { StreamTransport } from './stream-transport.js';

/** A failure of TLS, in the terms of OpenSSL. Both forms of the native engine and Node's engine describe theirs like this. */
export interface TLSFailure {
  /** OpenSSL's reason in its spelling, such as `WRONG_VERSION_NUMBER` or `CERTIFICATE_VERIFY_FAILED`. */
  readonly reason: string;
  /** The number of the alert that was sent or received; -1 if there was none. */
  readonly alert: number;
  readonly alertReceived: boolean;
  /** X509_V_ERR_..., the result of verifying the peer's certificate; 0 if that is not at fault; 50 for a pinned key. */
  readonly verifyResult: number;
  /** The depth of the certificate at fault; undefined if it is not known. */
  readonly depth: number | undefined;
  /** The certificate at fault, DER. */
  readonly certificate: Buffer | undefined;
}

/** The state of a TLS connection of the native engine, read when it is asked for. */
export interface TLSState {
  readonly version: string;
  readonly cipher: string;
  /** Empty if none. */
  readonly negotiatedProtocol: string;
  /** Empty if none. */
  readonly serverName: string;
  readonly resumed: boolean;
  readonly ocspResponse: Buffer | undefined;
  /** DER, the peer's own first. */
  readonly peerCertificates: readonly Buffer[];
}

/** Answers and decisions of `src/tls`. `Context` is the native context, opaque to everything but the addon. */
export interface SecureStreamHooks<Context extends object = object> {
  /** The value of `transport.tls`. */
  readonly connection: TLSConnection;
  /**
   * Server: the client's hello has arrived. Called only if the settings have `selectsByName`.
   * @param serverName Empty if the client named none.
   * @param select To be called once, now or later; null refuses the name (alert unrecognized_name).
   */
  contextRequested(serverName: string, select: (context: Context | null) => void): void;
  /**
   * The handshake is complete, and the peer is verified. Called before any data. It calls the protocol, and may end the connection
   * with `endWith`.
   */
  handshakeCompleted(): void;
  /** TLS failed. @returns The reason for the end of the connection. */
  failed(failure: TLSFailure): Error;
  /** The connection is gone, for whatever reason. Called once, before the protocol's `connectionLost`. */
  ended(): void;
  /** The peer has ended without close_notify. @returns The reason for the end of the connection. */
  truncated(): Error;
}

export interface SecureStreamOptions<Context extends object = object> {
  readonly isServer: boolean;
  readonly context: Context;
  /** Client: verified, and sent as SNI unless it is an IP address; empty: neither. */
  readonly hostname: string;
  /** Replaces the protocols of the context, unless it is empty. */
  readonly alpnProtocols: readonly string[];
  /** Client: connections with the same key share sessions; empty: none are kept. */
  readonly sessionKey: string;
  /** The first ciphertext, which was read already, such as that behind a PROXY header. Copied. */
  readonly received: Uint8Array;
  readonly hooks: SecureStreamHooks<Context>;
}

/** A transport that is secured by the reactor. */
export interface SecuredStream extends StreamTransport {
  /** Undefined before the handshake is complete, and once the connection is gone. */
  readTLSState(): TLSState | undefined;
  /**
   * Refuses the peer after the handshake: unsent bytes are dropped, close_notify is not sent, and the fatal alert is sent if the engine
   * can make it. The caller ends the connection then.
   */
  refusePeer(alert: number): void;
  /** @throws Error the handshake is not complete, or the connection is gone. */
  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Buffer;
}

/** A transport with TLS of its own. */
export interface SecurableStream {
  /**
   * Moves the connection to a new transport that is secured and has the same protocol and owner. Called for an open transport
   * without unread input. The caller sets the protocol's transport.
   * @returns Undefined, and nothing is changed, if the socket can't encrypt what follows: the caller adds a layer.
   */
  secureStream(options: SecureStreamOptions): SecuredStream | undefined;
}

/** A transport over a socket of Node that `node:tls` encrypts in place. */
export interface SocketStream {
  readonly socket: Socket;
  /** Whether the end of the peer was read. */
  readonly inputEnded: boolean;
  /** Bytes of ciphertext that the system has not taken. */
  readonly unsentBytes: number;
  runAtRoot<R>(run: () => R): R;
  /**
   * @param socket Over `socket`, created now.
   * @param inspect Called several times a second.
   */
  encryptedBy(socket: Socket, inspect: () => void): void;
  /** Bytes were given to `socket` of `encryptedBy`. */
  encrypted(bytes: number): void;
  /** Bytes of the peer were decrypted. @returns Whether to deliver them. */
  decrypted(bytes: number): boolean;
  /** The peer has sent close_notify. Node reports no further input, not even its end. */
  inputClosed(): void;
  /** The end of the peer was read. */
  peerEnded(): void;
  /** The socket is gone. */
  socketClosed(cause: Error | undefined): void;
}

/** A transport that may have such a socket. */
export interface SocketSecurableStream {
  /** Sends bytes written in clear. @returns Undefined if that is not possible at once, or not supported by this Node. */
  socketStream(): SocketStream | undefined;
}
