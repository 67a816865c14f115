/**
 * A UNIX datagram socket of a simulated host. Nothing is lost: a datagram is in the receiver's buffer from the moment it is
 * sent, and the sender waits while that buffer is full.
 */
import { UNIXAddress } from '../../../core/address.js';
import type { SystemError } from '../../../core/errors/base.js';
import { connectErrorFrom } from '../../../core/errors/connecting.js';
import { MessageLengthError } from '../../../core/errors/datagram.js';
import { CannotListenError } from '../../../core/errors/listening.js';
import { systemError } from '../../../internal/system-error.js';
import type { UNIXDatagramSettings } from '../../../reactor/datagrams/datagram-settings.js';
import type {
  UNIXDatagramPort,
  UNIXDatagramSocket,
} from '../../../reactor/datagrams/unix-datagram-port.js';
import { checkPath } from '../../../reactor/streams/unix-settings.js';
import { draw } from '../faults.js';
import type { DatagramHolder, Host } from '../host.js';
import type { Network, Surroundings } from '../network.js';
import type { SeededRandom } from '../random.js';
import type { SimulatedSockets } from '../simulated-sockets.js';
import type { SocketPath } from '../socket-paths.js';
import { SimulatedDatagramSocket, type WaitingDatagram } from './simulated-datagram-socket.js';

/** The native reactor's limit. */
const MAX_BYTES = 65_535;

const UNNAMED = new UNIXAddress('');

export class SimulatedUNIXDatagramSocket
  extends SimulatedDatagramSocket<UNIXAddress>
  implements UNIXDatagramSocket, DatagramHolder
{
  override readonly address: UNIXAddress;
  override readonly name: string;
  readonly peer: UNIXAddress | undefined;
  readonly #surroundings: Surroundings;
  readonly #host: Host;
  readonly #latency: SeededRandom;
  readonly #path: SocketPath | undefined;
  /** Bytes of datagrams on their way here. */
  #comingBytes = 0;
  #lastArrival = 0;
  /** Called when there is room again. */
  #senders: (() => void)[] = [];

  /** @throws CannotListenError, ConnectError */
  constructor(
    network: Network,
    host: Host,
    sockets: SimulatedSockets,
    settings: UNIXDatagramSettings,
    port: UNIXDatagramPort,
  ) {
    const random = network.nextDatagramRandom();
    const { surroundings } = network;
    super({ ...surroundings, sockets, port, settings, random });
    const { path, peer } = settings;
    this.#surroundings = surroundings;
    this.#host = host;
    this.#latency = random.fork('latency');
    this.address = path === '' ? UNNAMED : new UNIXAddress(path);
    this.name = `${host.name}:${(path || 'unnamed').replace('\0', '@')}`;
    this.peer = peer === undefined ? undefined : new UNIXAddress(peer);
    if (this.peer !== undefined) {
      const found = host.paths.find(this.peer.path, 'datagram');
      if (found instanceof Error) throw connectErrorFrom(found, this.peer);
    }
    if (path === '') return;
    try {
      this.#path = host.paths.bind(path, 'datagram', this);
    } catch (cause) {
      throw new CannotListenError(this.address, { cause });
    }
  }

  reserve(bytes: number, again: () => void): boolean {
    const before = this.arrivedBytes + this.#comingBytes;
    if (before > 0 && before + bytes > this.receiveBufferBytes) {
      this.#senders.push(again);
      return false;
    }
    this.#comingBytes += bytes;
    return true;
  }

  take(data: Buffer, from: UNIXAddress): void {
    const { clock, traffic } = this.#surroundings;
    const now = clock.now();
    const latency = draw(this.#latency, this.faults.latencyMs);
    this.#lastArrival = Math.max(this.#lastArrival, now + latency);
    traffic.underWay += 1;
    clock.callLater(this.#lastArrival - now, () => {
      traffic.underWay -= 1;
      this.#comingBytes -= data.byteLength;
      if (this.closed) return;
      this.trace.addData(`${from} -> ${this.name}`, data);
      this.arrive({ data, from, details: undefined });
    });
  }

  protected override destination(
    to: UNIXAddress | string | undefined,
    length: number,
  ): UNIXAddress | undefined {
    const path =
      to === undefined ? undefined : checkPath('to', typeof to === 'string' ? to : to.path);
    const destination = path === undefined ? undefined : new UNIXAddress(path);
    if (length > MAX_BYTES) throw new MessageLengthError(length, destination ?? this.peer);
    return destination;
  }

  protected override transmit(waiting: WaitingDatagram<UNIXAddress>): boolean {
    const to = waiting.to ?? this.peer;
    if (to === undefined) return true;
    const { byteLength } = waiting.data;
    const receiver = this.#host.paths.find(to.path, 'datagram');
    if (receiver instanceof Error) this.#notSent(waiting, receiver);
    else if (receiver.peer !== undefined && !receiver.peer.equals(this.address)) {
      this.#notSent(waiting, systemError('sendmsg', 'EPERM', to.path));
    } else if (receiver.reserve(byteLength, () => this.sendable())) {
      this.sockets.bytesSent += byteLength;
      receiver.take(waiting.data, this.address);
    } else return false;
    return true;
  }

  protected override release(keepFile: boolean): void {
    if (this.#path !== undefined) this.#host.paths.release(this.#path, keepFile);
    this.read();
  }

  protected override read(): void {
    for (const again of this.#senders.splice(0)) this.sockets.inNextTurn(again);
  }

  #notSent(waiting: WaitingDatagram<UNIXAddress>, cause: SystemError): void {
    if (cause.code === 'ECONNREFUSED' && waiting.to === undefined) this.notifyRefused();
    else this.refuse(waiting, cause);
  }
}
