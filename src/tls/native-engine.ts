/** TLS by the addon over the OpenSSL of the process, for transports that have no TLS of their own. */
import { encodedProtocols } from '../internal/alpn.js';
import { markLent } from '../internal/lent-bytes.js';
import type { NativeTLS, NativeTLSContext, NativeTLSSession } from '../native.js';
import type { TLSFailure, TLSState } from '../reactor/streams/secure-stream.js';
import type { TLSEngine, TLSEngineListener, TLSEngineOptions } from './engine.js';
import { nativeTLS } from './native-tls.js';

/** Outcomes: TlsSession::Outcome of native/tls/tls_session.h. */
const OK = 0;
const WANTS_INPUT = 1;
const WANTS_CONTEXT = 2;
const CLOSED = 3;

/** The most that one call decrypts or encrypts: four records. */
const STEP_BYTES = 64 * 1024;
/** Room for the encrypted form of that, in any version and cipher. */
const CIPHERTEXT_BYTES = STEP_BYTES + 4 * 512;
const NOTHING = Buffer.alloc(0);

/** Memory for the results of one call, in use until the listener has seen them. Calls may be nested (TLS over TLS). */
class Scratch {
  readonly plaintext = Buffer.allocUnsafeSlow(STEP_BYTES);
  readonly ciphertext = Buffer.allocUnsafeSlow(CIPHERTEXT_BYTES);
  readonly result = new Int32Array(4);

  constructor() {
    markLent(this.plaintext.buffer);
    markLent(this.ciphertext.buffer);
  }
}

const unused: Scratch[] = [];

export class NativeTLSEngine implements TLSEngine {
  readonly kind = 'native';
  readonly #native: NativeTLS = nativeTLS();
  readonly #listener: TLSEngineListener;
  readonly #session: NativeTLSSession;
  #phase: 'handshake' | 'open' | 'over' = 'handshake';
  #state: TLSState | undefined = undefined;
  #contextRequested = false;
  #peerFinished = false;
  #closing: 'no' | 'requested' | 'done' = 'no';
  /** The peer has sent a part of a message: OpenSSL encrypts nothing before the rest arrives. */
  #blocked = false;
  /** Written, and not encrypted yet. */
  #queue: Buffer[] = [];
  #queuedBytes = 0;

  /** @throws Error the host name or a protocol is invalid. */
  constructor(context: NativeTLSContext, options: TLSEngineOptions, listener: TLSEngineListener) {
    const { hostname, sessionKey, alpnProtocols } = options;
    this.#session = this.#native.createTlsSession(
      context,
      hostname,
      sessionKey,
      encodedProtocols(alpnProtocols),
    );
    this.#listener = listener;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes;
  }

  get state(): TLSState | undefined {
    if (this.#state === undefined && this.#phase === 'open') {
      this.#state = this.#native.tlsState(this.#session) as TLSState | undefined;
    }
    return this.#state;
  }

  start(): void {
    this.#receive(NOTHING);
  }

  receive(bytes: Buffer): void {
    for (let at = 0; at < bytes.byteLength && this.#phase !== 'over'; at += STEP_BYTES) {
      this.#receive(bytes.subarray(at, at + STEP_BYTES));
    }
  }

  write(bytes: Buffer): void {
    if (this.#phase === 'over' || bytes.byteLength === 0) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.byteLength;
  }

  flush(): void {
    if (this.#phase !== 'open' || this.#queuedBytes === 0) return;
    const scratch = unused.pop() ?? new Scratch();
    while (this.#encryptNext(scratch)) {}
    unused.push(scratch);
    if (this.#isOpen() && this.#queuedBytes === 0) this.#listener.emptied();
  }

  close(): void {
    if (this.#closing === 'no') this.#closing = 'requested';
    this.flush();
    this.#finish();
  }

  refuse(alert: number): void {
    if (this.#phase !== 'open') return;
    this.#queue = [];
    this.#queuedBytes = 0;
    const scratch = unused.pop() ?? new Scratch();
    this.#native.refuseTlsSession(this.#session, alert, scratch.ciphertext, scratch.result);
    this.#emit(scratch, true);
    unused.push(scratch);
  }

  destroy(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#native.destroyTlsSession(this.#session);
  }

  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Buffer {
    return this.#native.exportTlsKey(this.#session, length, label, context);
  }

  /** Has `bytes` decrypted, and reports everything that follows from them. */
  #receive(bytes: Buffer): void {
    let scratch = unused.pop() ?? new Scratch();
    let input = bytes;
    let outcome: number | undefined = OK;
    while (outcome === OK && this.#phase !== 'over') {
      const { plaintext, ciphertext, result } = scratch;
      outcome = this.#native.readTlsSession(this.#session, input, plaintext, ciphertext, result);
      input = NOTHING;
      const decrypted = result[0] as number;
      const complete = result[3] === 1;
      this.#emit(scratch, true);
      if (complete && this.#isHandshaking()) {
        this.#phase = 'open';
        this.#listener.handshakeCompleted();
      }
      if (decrypted > 0 && this.#isOpen()) {
        this.#listener.plaintext(scratch.plaintext.subarray(0, decrypted));
        // The receiver has transferred the lent memory, which is not allowed.
        if (scratch.plaintext.byteLength === 0) scratch = new Scratch();
      }
    }
    unused.push(scratch);
    if (this.#phase !== 'over') this.#conclude(outcome);
  }

  #conclude(outcome: number | undefined): void {
    if (outcome === WANTS_INPUT) {
      if (this.#blocked) this.#resume();
    } else if (outcome === WANTS_CONTEXT) this.#requestContext();
    else if (outcome === CLOSED) this.#closed();
    else this.#fail();
  }

  #resume(): void {
    this.#blocked = false;
    this.flush();
    this.#finish();
  }

  /** Encrypts the next step of the queue. False if nothing is left, or it has to wait for input. */
  #encryptNext(scratch: Scratch): boolean {
    if (this.#phase !== 'open' || this.#queuedBytes === 0) return false;
    const bytes = this.#nextBytes(scratch.plaintext);
    const { ciphertext, result } = scratch;
    const outcome = this.#native.writeTlsSession(this.#session, bytes, ciphertext, result);
    if (outcome === OK) this.#dropQueued(bytes.byteLength);
    this.#emit(scratch, false);
    this.#blocked = outcome === WANTS_INPUT;
    if (outcome !== OK && !this.#blocked && this.#isOpen()) this.#fail();
    return outcome === OK;
  }

  /** The front of the queue, at most STEP_BYTES; small pieces are joined, for few records. */
  #nextBytes(room: Buffer): Buffer {
    const [first] = this.#queue;
    if (first !== undefined && (this.#queue.length === 1 || first.byteLength >= STEP_BYTES)) {
      return first.subarray(0, STEP_BYTES);
    }
    let size = 0;
    for (const piece of this.#queue) {
      size += piece.copy(room, size);
      if (size === STEP_BYTES) break;
    }
    return room.subarray(0, size);
  }

  #dropQueued(count: number): void {
    this.#queuedBytes -= count;
    if (this.#queuedBytes === 0) {
      this.#queue = [];
      return;
    }
    let left = count;
    let pieces = 0;
    for (const piece of this.#queue) {
      if (piece.byteLength > left) break;
      left -= piece.byteLength;
      pieces += 1;
    }
    this.#queue.splice(0, pieces);
    const [first] = this.#queue;
    if (left > 0 && first !== undefined) this.#queue[0] = first.subarray(left);
  }

  /** Hands the ciphertext of the last call over. */
  #emit({ ciphertext, result }: Scratch, isReply: boolean): void {
    while (this.#phase !== 'over') {
      const count = result[1] as number;
      const more = result[2] === 1;
      if (count > 0) this.#listener.ciphertext(ciphertext.subarray(0, count), isReply);
      if (!more || !this.#isAlive()) return;
      this.#native.readTlsSession(this.#session, NOTHING, NOTHING, ciphertext, result);
    }
  }

  /** Emits close_notify if it is due. */
  #finish(): void {
    if (this.#closing !== 'requested' || this.#phase !== 'open' || this.#queuedBytes > 0) return;
    this.#closing = 'done';
    const scratch = unused.pop() ?? new Scratch();
    this.#native.closeTlsSession(this.#session, scratch.ciphertext, scratch.result);
    this.#emit(scratch, false);
    unused.push(scratch);
    if (this.#isAlive()) this.#listener.finished();
  }

  #requestContext(): void {
    if (this.#contextRequested) return;
    this.#contextRequested = true;
    const name = this.#native.tlsServerName(this.#session) ?? '';
    this.#listener.contextRequested(name, (context) => {
      if (this.#phase !== 'handshake') return;
      this.#native.selectTlsContext(this.#session, context as NativeTLSContext | null);
      this.#receive(NOTHING);
    });
  }

  #closed(): void {
    if (this.#peerFinished) return;
    this.#peerFinished = true;
    this.#listener.closed();
  }

  #fail(): void {
    const failure = this.#native.tlsFailure(this.#session) as TLSFailure;
    this.destroy();
    this.#listener.failed(failure);
  }

  // The phase may have changed during a call of the listener; TypeScript takes it for unchanged after a comparison.
  #isHandshaking(): boolean {
    return this.#phase === 'handshake';
  }

  #isOpen(): boolean {
    return this.#phase === 'open';
  }

  #isAlive(): boolean {
    return this.#phase !== 'over';
  }
}
