/**
 * A TCP or UNIX connection of the native reactor that is secured by TLS: the core encrypts and decrypts, and this side never sees
 * ciphertext.
 */

import { UnsupportedError } from '../../core/errors/reactor.js';
import { PlaintextBeforeTLSError } from '../../core/errors/tls.js';
import type { TLSConnection } from '../../core/tls.js';
import type { DetachedConnection } from '../../core/transport.js';
import type { PeerCredentials } from '../../core/unix-options.js';
import type { Deferred } from '../../defer/deferred.js';
import { encodedProtocols } from '../../internal/alpn.js';
import type { ReceivedBytes } from '../streams/received-bytes.js';
import type {
  SecuredStream,
  SecureStreamHooks,
  SecureStreamOptions,
  TLSFailure,
  TLSState,
} from '../streams/secure-stream.js';
import { noSocketOption } from '../streams/socket-side.js';
import {
  EVENT_LOST,
  EVENT_TLS_ESTABLISHED,
  EVENT_TLS_HELLO,
  TLS_CALL,
  TLS_FAILED,
} from './shared-memory.js';
import type { StreamOrigin } from './sockets.js';
import { NativeTransport } from './transport.js';
import { credentialsOf } from './unix-transport.js';

export class NativeTLSTransport extends NativeTransport implements SecuredStream {
  readonly #hooks: SecureStreamHooks;
  #established = false;

  constructor(origin: StreamOrigin, hooks: SecureStreamHooks) {
    super(origin.sockets, origin.handle, origin.owner, origin.peer, origin.host);
    this.#hooks = hooks;
    this.protocol = origin.protocol;
    if (origin.paused) this.reading = 'paused';
  }

  override get tls(): TLSConnection {
    return this.#hooks.connection;
  }

  /** @internal */
  readTLSState(): TLSState | undefined {
    return this.#established ? this.#state() : undefined;
  }

  /** @internal */
  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Buffer {
    const key = this.sockets.loop.tlsExport(this.handle, length, label, context);
    if (key === undefined) throw new Error('the connection is gone');
    return key;
  }

  /** @internal */
  refusePeer(alert: number): void {
    this.sockets.loop.tlsRefuse(this.handle, alert);
  }

  /** TLS has no half-close that peers agree on. */
  override loseWriteConnection(): void {
    this.loseConnection();
  }

  override detach(): Deferred<DetachedConnection> {
    throw new UnsupportedError('detach', 'the state of a TLS connection cannot be passed on');
  }

  override getPeerCredentials(): PeerCredentials | undefined {
    if (!this.#isUNIX) return super.getPeerCredentials();
    return credentialsOf(this.sockets, this.handle);
  }

  /** @internal Data before the end of the handshake arrived in clear, in the turn in which it was started. */
  override receivedIn(memory: ReceivedBytes, offset: number, length: number): void {
    if (this.#established) super.receivedIn(memory, offset, length);
    else this.endWith(new PlaintextBeforeTLSError(length));
  }

  /** @internal */
  override nativeEvent(kind: number, a: number, b: number): void {
    if (kind === EVENT_TLS_ESTABLISHED) {
      this.#established = true;
      this.#hooks.handshakeCompleted();
    } else if (kind === EVENT_TLS_HELLO) {
      this.#requestContext();
    } else if (kind === EVENT_LOST && b === TLS_CALL) {
      this.#tlsLost(a);
    } else {
      super.nativeEvent(kind, a, b);
    }
  }

  protected override finish(reason: Error): void {
    if (this.state !== 'closed') this.#hooks.ended();
    super.finish(reason);
  }

  #requestContext(): void {
    let pending = true;
    this.#hooks.contextRequested(this.#state()?.serverName ?? '', (context) => {
      if (pending && this.handle !== 0) this.sockets.loop.tlsSelect(this.handle, context);
      pending = false;
    });
  }

  /** The protocol may still ask for the state of TLS. */
  #tlsLost(cause: number): void {
    if (this.state !== 'aborting') {
      const { loop } = this.sockets;
      this.finish(
        cause === TLS_FAILED
          ? this.#hooks.failed(loop.tlsFailure(this.handle) as TLSFailure)
          : this.#hooks.truncated(),
      );
    }
    this.forget();
  }

  #state(): TLSState | undefined {
    return this.sockets.loop.tlsState(this.handle) as TLSState | undefined;
  }

  get #isUNIX(): boolean {
    return this.getPeer().type === 'UNIX';
  }

  protected override checkTcp(method: string): void {
    if (this.#isUNIX) throw noSocketOption(method);
  }
}

/** Moves the connection of a transport to a new one, which is secured. Undefined if parts of files are unsent. */
export function secureStream(
  origin: StreamOrigin,
  options: SecureStreamOptions,
): SecuredStream | undefined {
  const { context, hostname, sessionKey, alpnProtocols, received, hooks } = options;
  const { loop } = origin.sockets;
  const protocols = encodedProtocols(alpnProtocols);
  const { handle } = origin;
  if (!loop.startTls(handle, context, hostname, sessionKey, protocols, received)) return undefined;
  return origin.sockets.add(new NativeTLSTransport(origin, hooks));
}
