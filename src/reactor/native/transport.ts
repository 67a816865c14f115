/** A TCP connection of the native reactor. One exists for each connection, so it has few fields. */
import type { Address } from '../../core/address.js';
import { UnsentBytesError } from '../../core/errors/connection.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { checkBoolean } from '../../internal/check.js';
import { reportError } from '../../internal/error-report.js';
import type { MasksInPlace } from '../../internal/masks-in-place.js';
import type { ReadsBulk } from '../../internal/reads-bulk.js';
import type { RelayedBytesReceiver, RelaysBytes } from '../../internal/relays-bytes.js';
import type { SendsFiles } from '../../internal/sends-files.js';
import { systemError } from '../../internal/system-error.js';
import { retire } from '../streams/retired-transport.js';
import type {
  SecurableStream,
  SecuredStream,
  SecureStreamOptions,
} from '../streams/secure-stream.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import { StreamTransport } from '../streams/stream-transport.js';
import type { TurnReactor } from '../time/turn-reactor.js';
import { asSystemError, failedCallName } from './errors.js';
import {
  COMMAND_ALLOW_HALF_CLOSE,
  COMMAND_CLOSE,
  COMMAND_DISCARD,
  COMMAND_EXPECT_INPUT,
  COMMAND_KEEP_OPEN,
  COMMAND_PAUSE,
  COMMAND_READ_BULK,
  COMMAND_RESET,
  COMMAND_RESUME,
  COMMAND_SHUTDOWN,
  COMMAND_WATCH_DRAIN,
  EVENT_DRAINED,
  EVENT_LOST,
  EVENT_READ_ENDED,
  EVENT_RELAYED,
  EVENT_WRITE_SHUT,
  SEND_FILE_CALL,
} from './shared-memory.js';
import type { NativeSockets } from './sockets.js';

const NO_DELAY = 0;
const KEEP_ALIVE = 1;

export class NativeTransport
  extends StreamTransport
  implements SecurableStream, MasksInPlace, ReadsBulk, RelaysBytes, SendsFiles
{
  /** @internal 0 once the socket is gone. */
  handle: number;
  protected readonly sockets: NativeSockets;
  readonly #peer: Address;
  #host: Address | undefined;

  constructor(
    sockets: NativeSockets,
    handle: number,
    owner: StreamOwner,
    peer: Address,
    host: Address | undefined,
  ) {
    super(owner);
    this.handle = handle;
    this.sockets = sockets;
    this.#peer = peer;
    this.#host = host;
  }

  override get bufferedBytes(): number {
    return this.handle === 0 ? 0 : this.sockets.loop.queuedBytes(this.handle);
  }

  override getPeer(): Address {
    return this.#peer;
  }

  override getHost(): Address {
    this.#host ??= this.handle === 0 ? undefined : this.sockets.ipAddressOf(this.handle, false);
    return this.#host ?? this.owner.localAddress();
  }

  override getTcpNoDelay(): boolean {
    this.checkTcp('getTcpNoDelay');
    return this.sockets.loop.flag(this.handle, NO_DELAY);
  }

  override setTcpNoDelay(enabled: boolean): void {
    this.checkTcp('setTcpNoDelay');
    this.sockets.loop.setFlag(this.handle, NO_DELAY, checkBoolean('enabled', enabled));
  }

  override getTcpKeepAlive(): boolean {
    this.checkTcp('getTcpKeepAlive');
    return this.sockets.loop.flag(this.handle, KEEP_ALIVE);
  }

  override setTcpKeepAlive(enabled: boolean): void {
    this.checkTcp('setTcpKeepAlive');
    this.sockets.loop.setFlag(this.handle, KEEP_ALIVE, checkBoolean('enabled', enabled));
  }

  override fileno(): number {
    return this.handle === 0 ? -1 : this.sockets.loop.descriptor(this.handle);
  }

  override write(data: Uint8Array | string): void {
    // Handle 0 has no owner: the core drops bytes written to it, but wrong types are still refused.
    this.sockets.outgoing.write(this.writable ? this.handle : 0, data);
    if (this.producer !== undefined) this.regulateProducer(this.producer, data);
  }

  /** @internal */
  sendFile(fd: number, position: number, length: number): boolean {
    // Dropped, as `write` does; where that throws, without a handle, the caller finds out by `write`.
    if (!this.writable) return this.handle !== 0;
    if (!this.sockets.loop.sendFile(this.handle, fd, position, length)) return false;
    if (this.producer !== undefined) this.regulateBytes(this.producer, length);
    return true;
  }

  /** @internal */
  expectInput(): void {
    this.command(COMMAND_EXPECT_INPUT);
  }

  /** @internal */
  relayTo(target: object): boolean {
    if (!(target instanceof NativeTransport) || target.sockets !== this.sockets) return false;
    return this.sockets.loop.relay(this.handle, target.handle);
  }

  /** @internal */
  readBulk(): void {
    this.command(COMMAND_READ_BULK);
  }

  /** @internal */
  maskReceived(data: Uint8Array, at: number, length: number, key: number): boolean | undefined {
    return this.sockets.arena.maskReceived(data, at, length, key);
  }

  /** @internal */
  override start(protocol: StreamProtocol, failed?: (error: unknown) => void): boolean {
    this.protocol = protocol;
    if (this.defines('readConnectionLost')) this.allowHalfClose();
    return super.start(protocol, failed);
  }

  /** @internal */
  override replaceProtocol(protocol: StreamProtocol): TurnReactor {
    this.allowHalfClose();
    return super.replaceProtocol(protocol);
  }

  /** @internal */
  secureStream(options: SecureStreamOptions): SecuredStream | undefined {
    const { sockets, handle, owner, protocol } = this;
    const [peer, host, paused] = [this.#peer, this.getHost(), this.reading === 'paused'];
    const secured = sockets.secureStream(
      { sockets, handle, owner, protocol, peer, host, paused },
      options,
    );
    if (secured === undefined) return undefined;
    this.handle = 0;
    retire(this, secured);
    return secured;
  }

  /** @internal Any event except data, which the reactor delivers directly. */
  nativeEvent(kind: number, a: number, b: number): void {
    switch (kind) {
      case EVENT_LOST: {
        const failure =
          a === 0 ? undefined : systemError(failedCallName(b, this.sockets.loop.poller), a);
        if (b === SEND_FILE_CALL) reportError(failure, 'sending a file', this.#peer);
        this.forget();
        this.lost(failure);
        return;
      }
      case EVENT_READ_ENDED:
        this.readEnded();
        return;
      case EVENT_RELAYED:
        (this.protocol as Partial<RelayedBytesReceiver>).bytesRelayed?.(a);
        return;
      case EVENT_DRAINED:
        this.drained();
        return;
      case EVENT_WRITE_SHUT:
        this.writeShut();
        return;
    }
  }

  protected override get allReceived(): boolean {
    return !this.sockets.batchOpen;
  }

  protected override releaseSocket(): number {
    const { handle } = this;
    try {
      const fd = this.sockets.loop.detach(handle);
      this.forget();
      return fd;
    } catch (error) {
      const cause = asSystemError(error);
      throw cause.code === 'EBUSY' ? new UnsentBytesError(this.bufferedBytes) : cause;
    }
  }

  protected override closeDescriptor(fd: number): void {
    this.sockets.loop.closeDescriptor(fd);
  }

  protected override get reactor(): TurnReactor {
    return this.sockets.reactor;
  }

  protected override setReading(enabled: boolean): void {
    this.command(enabled ? COMMAND_RESUME : COMMAND_PAUSE);
  }

  protected override watchDrain(): void {
    this.command(COMMAND_WATCH_DRAIN);
  }

  protected override shutdownWriting(): void {
    this.command(COMMAND_SHUTDOWN);
  }

  protected override closeFlushed(): void {
    this.command(COMMAND_CLOSE);
  }

  protected override keepOpen(): void {
    this.command(COMMAND_KEEP_OPEN);
  }

  protected override closeNow(reset: boolean): void {
    this.command(reset ? COMMAND_RESET : COMMAND_DISCARD);
    this.forget();
  }

  /** The end of input does not end the connection. */
  protected allowHalfClose(): void {
    this.command(COMMAND_ALLOW_HALF_CLOSE);
  }

  protected command(command: number): void {
    this.sockets.outgoing.command(this.handle, command);
  }

  protected forget(): void {
    this.sockets.forget(this.handle);
    this.handle = 0;
  }
}
