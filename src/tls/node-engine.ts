/**
 * TLS by `node:tls` over a stream in memory. It serves everywhere, and is the reference for the native engine.
 *
 * Node emits the ciphertext of one write per pass of its loop, so answers of the engine may come later than `receive` and `flush`
 * return. Node verifies certificates after the handshake and has no function that sends an alert. A client of TLS 1.3 sends one in
 * clear instead of its last message of the handshake: servers over OpenSSL accept that, and for others it is a wrong record. All
 * others end without close_notify.
 */
import { X509Certificate } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls, {
  type ConnectionOptions,
  type DetailedPeerCertificate,
  type SecureContext,
  type Server,
  type TLSSocket,
} from 'node:tls';

import { countGiven } from '../internal/given-memory.js';
import type { TLSFailure, TLSState } from '../reactor/streams/secure-stream.js';
import { certificateFailure } from './certificate-checks.js';
import type { TLSEngine, TLSEngineListener, TLSEngineOptions } from './engine.js';
import { ALERTS, alertOf, reasonName, receivedAlert } from './failures.js';
import { staple } from './node-context.js';
import { NodeWire } from './node-wire.js';
import type { SessionCache } from './session-cache.js';
import type { TLSSettings } from './settings.js';

/** Node's context with its settings. */
export interface NodeTLSContext {
  readonly isServer: boolean;
  readonly settings: TLSSettings;
  readonly secureContext: SecureContext;
  /** Client. */
  readonly sessions: SessionCache;
}

/** A fatal alert in clear (RFC 8446 sections 5.1 and 6). */
function alertRecord(alert: number): Buffer {
  return Buffer.from([21, 3, 3, 0, 2, 2, alert]);
}

/** Node's words for too many refused renegotiations. */
const RENEGOTIATION_ATTACK = 'TLS session renegotiation attack detected';
const RENEGOTIATION_WINDOW_MS = tls.CLIENT_RENEG_WINDOW * 1000;

/** Node's handle below a `TLSSocket`. */
interface SocketWithHandle {
  readonly _handle?: {
    /** The result of OpenSSL's verification; a server's socket shows it nowhere else. Not in Bun; Deno's is of another type. */
    verifyError?(): VerifyError | null;
    /** Called when OpenSSL begins to process a message of a handshake. @param now Milliseconds. */
    onhandshakestart?: (now: number) => void;
  } | null;
}

type VerifyError = Error & { readonly code?: string };

export class NodeTLSEngine implements TLSEngine {
  readonly kind = 'node';
  readonly #context: NodeTLSContext;
  protected readonly listener: TLSEngineListener;
  readonly #options: TLSEngineOptions;
  #wire: NodeWire | undefined = undefined;
  #chosen: NodeTLSContext;
  protected socket: TLSSocket | undefined = undefined;
  protected phase: 'handshake' | 'open' | 'over' = 'handshake';
  #state: TLSState | undefined = undefined;
  /** The peer's, its own first. Of a resumed session, those of the first connection. */
  #certificates: readonly Buffer[] = [];
  #ocspResponse: Buffer | undefined = undefined;
  /** Written, and not given to Node yet. */
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  /** Given to Node, and not emitted yet. */
  protected pendingBytes = 0;
  /** Given to Node, and not complete. */
  protected writes = 0;
  /** Everything was emitted. */
  #finished = false;

  constructor(context: NodeTLSContext, options: TLSEngineOptions, listener: TLSEngineListener) {
    this.#context = context;
    this.#chosen = context;
    this.#options = options;
    this.listener = listener;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + this.pendingBytes;
  }

  get state(): TLSState | undefined {
    if (this.#state === undefined && this.phase === 'open') this.#state = this.#readState();
    return this.#state;
  }

  start(): void {
    const stream = this.openStream();
    const socket = this.#context.isServer ? this.#accept(stream) : this.#connect(stream);
    this.socket = socket;
    socket.on(this.#context.isServer ? 'secure' : 'secureConnect', () => this.#secured());
    socket.on('error', (error) => this.socketFailed(error));
    // The form in which Node reports errors of a server's socket that is not in a `tls.Server`.
    socket.on('_tlsError', (error: Error) => this.socketFailed(error));
    this.listenTo(socket);
    const { keyLog } = this.#context.settings;
    if (keyLog !== undefined) socket.on('keylog', (line) => keyLog(line.toString().trimEnd()));
  }

  receive(bytes: Buffer): void {
    if (this.phase !== 'over') this.#wire?.receive(bytes);
  }

  write(bytes: Buffer): void {
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.byteLength;
  }

  flush(): void {
    // Node encrypts one write per pass of its loop: bytes written until then are joined.
    if (this.phase === 'open' && this.writes === 0) this.encrypt();
  }

  close(): void {
    this.encrypt();
    this.socket?.end();
  }

  /** Gives Node everything written. @returns The number of bytes. */
  protected encrypt(): number {
    const queue = this.#queue;
    const last = queue.pop();
    if (last === undefined) return 0;
    const bytes = queue.length === 0 ? last : Buffer.concat([...queue, last], this.#queuedBytes);
    queue.length = 0;
    this.#queuedBytes = 0;
    this.pendingBytes += bytes.byteLength;
    this.writes += 1;
    this.socket?.write(bytes, this.#written);
    return bytes.byteLength;
  }

  /** Node has no function that sends an alert. */
  refuse(_alert: number): void {
    this.destroy();
  }

  destroy(): void {
    if (this.phase === 'over') return;
    this.phase = 'over';
    this.#queue = [];
    this.#queuedBytes = 0;
    this.pendingBytes = 0;
    this.release();
  }

  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Buffer {
    if (this.phase !== 'open') throw new Error('there is no open TLS connection');
    const socket = this.socket as TLSSocket;
    return context === undefined
      ? socket.exportKeyingMaterial(length, label, undefined as never)
      : socket.exportKeyingMaterial(length, label, Buffer.from(context));
  }

  readonly #written = (error?: Error | null): void => {
    this.writes -= 1;
    if (this.writes > 0 || this.phase === 'over' || error) return;
    this.pendingBytes = 0;
    if (this.#queuedBytes > 0) this.flush();
    else this.emptied();
  };

  /** Node has written everything. */
  protected emptied(): void {
    this.listener.emptied();
  }

  /** The stream below the `TLSSocket`. */
  protected openStream(): Duplex {
    this.#wire = new NodeWire(this);
    return this.#wire;
  }

  protected listenTo(socket: TLSSocket): void {
    socket.on('end', () => {
      if (this.phase === 'open') this.listener.closed();
    });
    // Deno does not end the stream below.
    socket.on('finish', () => this.wireFinished());
    socket.on('close', () => {
      if (!this.#finished) this.socketFailed(new Error('Node has ended the connection'));
    });
    takePlaintext(socket, (bytes) => {
      if (bytes === null) return true;
      if (this.phase === 'open') this.listener.plaintext(bytes);
      return false;
    });
  }

  /** Nothing is called from now on. */
  protected release(): void {
    this.socket?.destroy();
    this.#wire?.destroy();
  }

  /** @internal */
  wireWritten(bytes: Buffer): void {
    countGiven(bytes.byteLength);
    if (this.phase !== 'over') this.listener.ciphertext(bytes, this.pendingBytes === 0);
  }

  /** @internal */
  wireFinished(): void {
    if (this.#finished) return;
    this.#finished = true;
    if (this.phase !== 'over') this.listener.finished();
  }

  #accept(stream: Duplex): TLSSocket {
    const { settings, secureContext } = this.#context;
    return new tls.TLSSocket(stream, {
      isServer: true,
      secureContext,
      requestCert: settings.peerCertificate !== 'ignored',
      rejectUnauthorized: settings.peerCertificate === 'required',
      server: this.#stapler(),
      ...this.#alpn(),
      ...(settings.selectsByName
        ? { SNICallback: (name, select) => this.#contextRequested(name, select) }
        : {}),
    });
  }

  #connect(stream: Duplex): TLSSocket {
    const { settings, secureContext, sessions } = this.#context;
    const { hostname, sessionKey } = this.#options;
    const session = sessions.get(sessionKey);
    this.#certificates = session?.certificates ?? [];
    // Node's types omit `requestOCSP` here.
    const options: ConnectionOptions & { requestOCSP: boolean } = {
      socket: stream,
      secureContext,
      servername: isIP(hostname) === 0 ? hostname : '',
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      requestOCSP: settings.requestsOCSP,
      ...this.#alpn(),
      ...(session === undefined ? {} : { session: session.ticket }),
    };
    const socket = tls.connect(options);
    socket.on('OCSPResponse', (response: Buffer | null) => {
      this.#ocspResponse = response ?? undefined;
    });
    // Node also emits it after the handshake of a server that was refused: its session must not be resumed.
    socket.on('session', (ticket: Buffer) => {
      if (this.phase !== 'open') return;
      sessions.set(sessionKey, { ticket, certificates: this.#certificates });
    });
    this.#limitRenegotiations(socket);
    return socket;
  }

  /** OpenSSL answers each request of a server to renegotiate. Node limits those of clients only: this is the same limit. */
  #limitRenegotiations(socket: TLSSocket): void {
    const { _handle: handle } = socket as SocketWithHandle;
    if (handle == null) return; // in other runtimes than Node
    let refused = 0;
    let last = 0;
    handle.onhandshakestart = (now) => {
      if (this.phase !== 'open' || socket.getProtocol() !== 'TLSv1.2') return;
      refused = now - last < RENEGOTIATION_WINDOW_MS ? refused + 1 : 1;
      last = now;
      if (refused !== tls.CLIENT_RENEG_LIMIT + 1) return;
      // OpenSSL calls this, and must not be freed before it returns.
      setImmediate(() => this.socketFailed(new Error(RENEGOTIATION_ATTACK)));
    };
  }

  #alpn(): { ALPNProtocols?: string[] } {
    const { alpnProtocols } = this.#options;
    const protocols =
      alpnProtocols.length > 0 ? alpnProtocols : this.#context.settings.alpnProtocols;
    return protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] };
  }

  /** Node asks its server, if it has a listener, for the response to staple. */
  #stapler(): Server {
    const server = new EventEmitter();
    const { identities } = this.#context.settings;
    const staples = this.#context.settings.selectsByName || identities.some((i) => i.ocspResponse);
    if (staples) {
      server.on('OCSPRequest', (certificate: Buffer, _issuer, done) =>
        done(null, staple(this.#chosen.settings.identities, certificate)),
      );
    }
    // Node asks only a server that has a context.
    return Object.assign(server, {
      _sharedCreds: this.#context.secureContext,
    }) as unknown as Server;
  }

  #contextRequested(
    serverName: string,
    select: (error: Error | null, context?: SecureContext) => void,
  ): void {
    this.listener.contextRequested(serverName, (context) => {
      if (this.phase !== 'handshake') return;
      if (context === null) {
        this.listener.ciphertext(alertRecord(ALERTS.UNRECOGNIZED_NAME), true);
        this.#fail({ reason: 'UNRECOGNIZED_NAME', alert: ALERTS.UNRECOGNIZED_NAME });
        return;
      }
      this.#chosen = context as NodeTLSContext;
      select(null, this.#chosen.secureContext);
    });
  }

  #secured(): void {
    if (this.phase !== 'handshake') return;
    const failure = this.#verify();
    if (failure !== undefined) {
      this.#refuse(failure);
      return;
    }
    this.phase = 'open';
    this.listener.handshakeCompleted();
  }

  #refuse(failure: Partial<TLSFailure>): void {
    const sendsAlert = !this.#context.isServer && this.socket?.getProtocol() === 'TLSv1.3';
    const alert = sendsAlert ? alertOf(failure.verifyResult ?? 0) : -1;
    if (sendsAlert) this.listener.ciphertext(alertRecord(alert), true);
    this.#fail({ ...failure, alert });
  }

  #verify(): Partial<TLSFailure> | undefined {
    const { isServer } = this.#context;
    const { peerCertificate, pins } = this.#context.settings;
    const settings = { ...this.#chosen.settings, pins };
    const socket = this.socket as TLSSocket;
    if (isServer && peerCertificate === 'ignored') return undefined;
    // Sessions are resumed only for the same name and settings: the server was verified then.
    if (!isServer && socket.isSessionReused()) return undefined;
    this.#certificates = certificatesOf(socket);
    const chain = this.#certificates.map((der) => new X509Certificate(der));
    if (chain.length === 0 && peerCertificate === 'requested') return undefined;
    const verifyError = verifyErrorOf(socket, isServer);
    if (verifyError === undefined) {
      return { reason: 'this runtime does not report whether it has verified a certificate' };
    }
    return certificateFailure(
      chain,
      verifyError,
      settings,
      isServer ? '' : this.#options.hostname,
      isServer,
    );
  }

  protected socketFailed(error: Error): void {
    const { code = '' } = error as { code?: unknown };
    const reason = String(code).startsWith('ERR_SSL_') ? String(code).slice(8) : error.message;
    const alert = receivedAlert(reasonName(reason));
    this.#fail({ reason, alert, alertReceived: alert >= 0 });
  }

  #fail(failure: Partial<TLSFailure>): void {
    if (this.phase === 'over') return;
    this.destroy();
    this.listener.failed({
      reason: 'CERTIFICATE_VERIFY_FAILED',
      alert: -1,
      alertReceived: false,
      verifyResult: 0,
      depth: 0,
      certificate: undefined,
      ...failure,
    });
  }

  #readState(): TLSState {
    const socket = this.socket as TLSSocket;
    const { alpnProtocol } = socket;
    // `servername` is false if there is none.
    const { servername } = socket as { servername?: unknown };
    return {
      version: socket.getProtocol() ?? '',
      cipher: socket.getCipher().name,
      negotiatedProtocol: typeof alpnProtocol === 'string' ? alpnProtocol : '',
      serverName: typeof servername === 'string' ? servername : '',
      resumed: socket.isSessionReused(),
      ocspResponse: this.#ocspResponse,
      peerCertificates: this.#certificates,
    };
  }
}

/**
 * The result of OpenSSL's verification.
 * @returns Null if there is no fault, and undefined if that is not known.
 */
function verifyErrorOf(socket: TLSSocket, isServer: boolean): VerifyError | null | undefined {
  const { _handle: handle } = socket as SocketWithHandle;
  const error = handle?.verifyError?.();
  if (error === null || error instanceof Error) return error;
  // Other runtimes have only the public properties, which only clients can rely on.
  if (isServer) return undefined;
  if (socket.authorized) return null;
  const code = String(socket.authorizationError);
  return Object.assign(new Error(code), { code });
}

/**
 * Takes plaintext where Node's handle delivers it, before the queue of the stream.
 * @param take Called with null at the end. @returns Whether the stream is to take it.
 */
export function takePlaintext(socket: TLSSocket, take: (bytes: Buffer | null) => boolean): void {
  // Makes the socket read.
  socket.on('data', take);
  const { push } = socket;
  socket.push = (bytes: Buffer | null) => {
    if (bytes !== null) countGiven(bytes.byteLength);
    return !take(bytes) || push.call(socket, bytes);
  };
}

/**
 * The peer's certificate and its issuers, as far as they are known. (Node 20 removes the certificate that
 * `getPeerX509Certificate` returns from the chain of a client.)
 */
function certificatesOf(socket: TLSSocket): Buffer[] {
  const chain: Buffer[] = [];
  // An empty object if there is none.
  let next: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined) {
    // Other runtimes have other arrays of bytes than Buffers.
    const der = Buffer.from(next.raw);
    if (chain.some((known) => known.equals(der))) break;
    chain.push(der);
    next = next.issuerCertificate;
  }
  return chain;
}
