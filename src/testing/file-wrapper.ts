/** A transport over a file or another writable, for looking at the output of a protocol. It never receives bytes. */
import { type Address, UNIXAddress } from '../core/address.js';
import type { ErrorReporter } from '../core/error-reporter.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import { Protocol } from '../core/protocol.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import { checkData, checkFunction } from '../internal/check.js';
import { reportError as reportErrorByDefault } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { StreamTransport } from '../reactor/streams/stream-transport.js';
import type { TurnReactor } from '../reactor/time/turn-reactor.js';

/** The output: a `Writable` of Node's, or an object with these methods. */
export interface WritableFile {
  /** Takes bytes, which are not modified afterwards. A `Writable` returns false if it will emit `drain`. */
  write(data: Buffer): unknown;
  /** Everything is written. */
  end(): unknown;
  /** Discards unwritten bytes. Default: `end`. */
  destroy?(): unknown;
  /** Adds a listener for `drain`, `error` or `close` of a `Writable`. */
  on?(event: string, listener: (error: Error) => void): unknown;
}

export interface FileWrapperOptions {
  /** The addresses of both ends. Default: a UNIX address with the path `file`. */
  readonly peer?: Address;
  readonly host?: Address;
  /** Receives exceptions of the protocol. Default: they are reported like all errors of Ropewalk. */
  readonly reportError?: ErrorReporter;
}

const OPTIONS: OptionNames<FileWrapperOptions> = { peer: true, host: true, reportError: true };

const FILE = new UNIXAddress('file');
const NO_SOCKET = 'a file is not a socket';

/**
 * Makes a transport of a file. Producers, half-close and `connectionLost` work as on a connection with a silent peer; an error
 * of the file breaks it. Later turns are turns of Node's loop.
 *
 * @example
 * const file = new FileWrapper(createWriteStream('session.log'));
 * file.connect(new Greeter(clock));
 */
export class FileWrapper extends StreamTransport {
  readonly #file: WritableFile;
  readonly #peer: Address;
  readonly #host: Address;
  readonly #turns: TurnReactor;
  /** Whether the file has asked to wait for its `drain`. */
  #full = false;
  #bufferedBytes = 0;
  #watchingDrain = false;
  #scheduled = false;

  /** @throws InvalidArgumentTypeError, UnknownOptionError */
  constructor(file: WritableFile, options: FileWrapperOptions = {}) {
    checkFunction('file.write', file?.write);
    checkFunction('file.end', file.end);
    checkOptions('FileWrapper', options, OPTIONS);
    const { peer = FILE, host = FILE, reportError = reportErrorByDefault } = options;
    checkFunction('reportError', reportError);
    super({ context: undefined, connectionEnded() {}, localAddress: () => host });
    this.#file = file;
    this.#peer = peer;
    this.#host = host;
    this.#turns = {
      report: reportError,
      clock: undefined,
      soon: (callback) => void setImmediate(callback),
    };
    this.protocol = new Protocol();
    file.on?.('drain', () => this.#drained());
    file.on?.('error', (error) => this.#broken(error));
    file.on?.('close', () => this.#broken(undefined));
  }

  /** Connects a protocol to the file. @returns The protocol. */
  connect<P extends StreamProtocol>(protocol: P): P {
    this.start(protocol);
    return protocol;
  }

  /** Bytes written since the file asked to wait. */
  override get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  override getPeer(): Address {
    return this.#peer;
  }

  override getHost(): Address {
    return this.#host;
  }

  override getTcpNoDelay(): boolean {
    throw new UnsupportedError('getTcpNoDelay', NO_SOCKET);
  }

  override setTcpNoDelay(_enabled: boolean): void {
    throw new UnsupportedError('setTcpNoDelay', NO_SOCKET);
  }

  override getTcpKeepAlive(): boolean {
    throw new UnsupportedError('getTcpKeepAlive', NO_SOCKET);
  }

  override setTcpKeepAlive(_enabled: boolean): void {
    throw new UnsupportedError('setTcpKeepAlive', NO_SOCKET);
  }

  /** Writes to the file during the call. */
  override write(data: Uint8Array | string): void {
    checkData(data);
    if (!this.writable) return;
    const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.copyBytesFrom(data);
    try {
      if (this.#file.write(bytes) === false && this.#file.on !== undefined) this.#full = true;
    } catch (error) {
      this.#turns.soon(() =>
        this.#broken(error instanceof Error ? error : new Error(String(error))),
      );
      return;
    }
    if (this.#full) this.#bufferedBytes += bytes.byteLength;
    if (this.producer !== undefined) this.regulateProducer(this.producer, data);
    this.#schedule();
  }

  protected override get reactor(): TurnReactor {
    return this.#turns;
  }

  protected override setReading(_enabled: boolean): void {}

  protected override watchDrain(): void {
    this.#watchingDrain = true;
    this.#schedule();
  }

  protected override shutdownWriting(): void {
    this.#schedule();
  }

  protected override closeFlushed(): void {
    this.#schedule();
  }

  protected override closeNow(reset: boolean): void {
    if (reset && this.#file.destroy !== undefined) this.#file.destroy();
    else this.#file.end();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#turns.soon(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** The end of a turn: calls producers, shuts down or closes once no bytes are waiting. */
  #flush(): void {
    if (!this.connected || this.#full) return;
    if (this.#watchingDrain) {
      this.#watchingDrain = false;
      this.drained();
    }
    if (this.producer !== undefined || this.#full) return;
    if (this.state === 'closing') {
      this.closeNow(false);
      this.lost(undefined);
    } else if (this.state === 'open' && this.writing === 'shutting') {
      this.writeShut();
    }
  }

  #drained(): void {
    this.#full = false;
    this.#bufferedBytes = 0;
    this.#flush();
  }

  #broken(cause: Error | undefined): void {
    if (this.connected) this.lost(cause);
  }
}
