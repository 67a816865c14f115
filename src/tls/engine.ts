/** The sans-I/O interface of TLS engines: ciphertext in, plaintext out, and back. */
import type { TLSEngineKind } from '../core/tls.js';
import type { TLSFailure, TLSState } from '../reactor/streams/secure-stream.js';

/** The most unsent bytes that the peer's input has caused, such as answers to key updates: then its input is not read either. */
export const MAX_UNSENT_REPLIES: number = 64 * 1024;

/**
 * The listener of an engine. None of these is called from inside `write`, `flush`, `close` or `destroy`, except `ciphertext`,
 * `emptied` and `finished`. Each may call any method of the engine.
 */
export interface TLSEngineListener {
  /**
   * Bytes for the peer.
   * @param bytes Not changed afterwards, unless their memory is lent (`markLent`).
   * @param isReply The peer's input has caused them: they have nothing that was written.
   */
  ciphertext(bytes: Buffer, isReply: boolean): void;
  /** Bytes from the peer, decrypted, at most 64 KiB. @param bytes Valid until this returns. */
  plaintext(bytes: Buffer): void;
  /** The handshake is complete, and the peer is verified. Called once, before any plaintext. */
  handshakeCompleted(): void;
  /** The peer has finished sending (close_notify). Called once, behind its plaintext. */
  closed(): void;
  /** TLS failed; an alert was emitted if one is due. Nothing is called afterwards. */
  failed(failure: TLSFailure): void;
  /** `bufferedBytes` has become 0. */
  emptied(): void;
  /** After `close`: everything was emitted, close_notify last. */
  finished(): void;
  /** Server: see `SecureStreamHooks.contextRequested`. */
  contextRequested(serverName: string, select: (context: object | null) => void): void;
}

/** One connection's TLS. It has no socket and no timer. */
export interface TLSEngine {
  readonly kind: TLSEngineKind;
  /** Bytes given to `write` that were not emitted as ciphertext. */
  readonly bufferedBytes: number;
  /** Undefined before the handshake is complete. */
  readonly state: TLSState | undefined;
  /** Begins: a client emits its hello. */
  start(): void;
  /** Ciphertext from the peer. @param bytes Lent: copied if the engine keeps them. */
  receive(bytes: Buffer): void;
  /**
   * Plaintext for the peer. Before the handshake is complete it is queued.
   * @param bytes Kept by reference until they are emitted: the caller does not change them.
   */
  write(bytes: Buffer): void;
  /** Emits records for everything written, as few as possible. */
  flush(): void;
  /** Emits close_notify after everything written. Called after the handshake, once. */
  close(): void;
  /**
   * Refuses the peer after the handshake: drops everything that was not emitted, and emits a fatal alert if this engine can make it.
   * Only `destroy` may be called afterwards.
   */
  refuse(alert: number): void;
  /** Frees everything; nothing is called afterwards. `state` remains readable. */
  destroy(): void;
  /** @throws Error the handshake is not complete, or the engine was destroyed. */
  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Buffer;
}

/** The settings of one connection; everything else is in the context. */
export interface TLSEngineOptions {
  /** Client: verified, and sent as SNI unless it is an IP address; empty: neither. */
  readonly hostname: string;
  /** Replaces the protocols of the context, unless it is empty. */
  readonly alpnProtocols: readonly string[];
  /** Client: connections with the same key share sessions; empty: none are kept. */
  readonly sessionKey: string;
}
