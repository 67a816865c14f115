/** A datagram socket of the native reactor: events become calls of its port, datagrams become records in the outgoing slab. */
import {
  type Address,
  addressFromWords,
  IPv4Address,
  IPv6Address,
  UNIXAddress,
} from '../../core/address.js';
import type { DatagramDetails, DestinationOf } from '../../core/datagram.js';
import { MessageLengthError } from '../../core/errors/datagram.js';
import { checkData } from '../../internal/check.js';
import { systemError } from '../../internal/system-error.js';
import { MAX_UTF8_BYTES } from '../../internal/utf8.js';
import type { DatagramPort, DatagramSocket } from '../datagrams/datagram-port.js';
import {
  COMMAND_WATCH_DRAIN,
  DATAGRAM_SOURCE_BYTES,
  EVENT_DATAGRAM,
  EVENT_DATAGRAM_TRUNCATED,
  EVENT_DRAINED,
  EVENT_FLAGS_SHIFT,
  EVENT_INTS,
  EVENT_KIND_MASK,
  EVENT_RECEIVE_FAILED,
  EVENT_REFUSED,
  EVENT_SEND_FAILED,
  FLAG_DESTINATION_IPV6,
  FLAG_HAS_DESTINATION,
  FLAG_NO_ADDRESS,
} from './shared-memory.js';
import type { NativeSocket, NativeSockets } from './sockets.js';

/** The number of records after the first in an event of datagrams. */
export function datagramRecords(kind: number): number {
  const shortKind = kind & EVENT_KIND_MASK;
  if (shortKind === EVENT_REFUSED || shortKind === EVENT_RECEIVE_FAILED) return 0;
  return (kind >> EVENT_FLAGS_SHIFT) & FLAG_HAS_DESTINATION ? 3 : 2;
}

export abstract class NativeDatagramSocket<A extends Address>
  implements DatagramSocket<A>, NativeSocket
{
  readonly handle: number;
  abstract readonly address: A;
  abstract readonly peer: A | undefined;
  protected readonly sockets: NativeSockets;
  protected readonly port: DatagramPort<A, DatagramSocket<A>>;
  private readonly reportsDetails: boolean;

  constructor(
    sockets: NativeSockets,
    handle: number,
    port: DatagramPort<A, DatagramSocket<A>>,
    reportsDetails: boolean,
  ) {
    this.sockets = sockets;
    this.handle = handle;
    this.port = port;
    this.reportsDetails = reportsDetails;
  }

  /** The longest payload that can be sent to `to`. */
  protected abstract maxBytes(to: A | DestinationOf<A> | undefined): number;
  /** The maximum number of bytes that {@link writeHeader} writes for this destination. */
  protected abstract headerBytes(to: A | DestinationOf<A> | undefined): number;
  /** Writes the header at `offset` of the outgoing slab and returns its length. @throws InvalidAddressError */
  protected abstract writeHeader(
    offset: number,
    to: A | DestinationOf<A> | undefined,
    source: string | undefined,
  ): number;
  /** The address in the record at `at`: the source or destination of a datagram. */
  protected abstract addressAt(at: number): A;

  get bufferedBytes(): number {
    return this.sockets.loop.queuedBytes(this.handle);
  }

  get undelivered(): boolean {
    return this.sockets.batchOpen;
  }

  get datagramsTruncated(): number {
    return this.sockets.loop.datagramStatistics(this.handle)[0];
  }

  get datagramsDropped(): number {
    return this.sockets.loop.datagramStatistics(this.handle)[1];
  }

  send(
    data: Uint8Array | string,
    to: A | DestinationOf<A> | undefined,
    source: string | undefined,
  ): void {
    const text = typeof data === 'string';
    if (!text && !(data instanceof Uint8Array)) checkData(data);
    const most = this.maxBytes(to);
    // A string has at least as many bytes as code units.
    if (data.length > most) throw this.tooLong(data.length, to);
    const { outgoing, memory } = this.sockets;
    const room = text ? data.length * MAX_UTF8_BYTES : data.length;
    const offset = outgoing.reserveDatagram(
      this.headerBytes(to) + (source === undefined ? 0 : DATAGRAM_SOURCE_BYTES) + room,
    );
    const start = offset + this.writeHeader(offset, to, source);
    let length = data.length;
    if (text) length = memory.outgoing.write(data, start);
    else memory.outgoing.set(data, start);
    if (length > most) throw this.tooLong(length, to);
    outgoing.datagram(this.handle, offset, start + length - offset);
  }

  watchDrain(): void {
    this.sockets.outgoing.command(this.handle, COMMAND_WATCH_DRAIN);
  }

  close(_keepFile?: boolean): void {
    this.sockets.loop.close(this.handle);
    this.sockets.forget(this.handle);
  }

  fileno(): number {
    return this.sockets.loop.descriptor(this.handle);
  }

  /** @internal An event of datagrams whose first record is at `at`. */
  datagramEvent(kind: number, at: number): void {
    const { events } = this.sockets.memory;
    const a = events[at + 2] as number;
    const b = events[at + 3] as number;
    switch (kind & EVENT_KIND_MASK) {
      case EVENT_DATAGRAM: {
        const from = this.addressAt(at + EVENT_INTS);
        const details = this.reportsDetails ? this.details(kind, at) : undefined;
        this.port.receivedIn(this.sockets.arena, a, b, from, details);
        return;
      }
      case EVENT_DATAGRAM_TRUNCATED:
        this.port.truncated(this.addressAt(at + EVENT_INTS));
        return;
      case EVENT_REFUSED:
        this.port.refused();
        return;
      case EVENT_SEND_FAILED: {
        const unknown = ((kind >> EVENT_FLAGS_SHIFT) & FLAG_NO_ADDRESS) !== 0;
        const to = unknown ? undefined : this.addressAt(at + EVENT_INTS);
        const call = b < 0 ? 'recvmmsg' : 'sendmmsg';
        this.port.sendFailed(systemError(call, a), to, Math.max(b, 0));
        return;
      }
      case EVENT_RECEIVE_FAILED:
        this.port.receiveFailed(systemError('recvmmsg', a));
        return;
    }
  }

  /** @internal */
  nativeEvent(kind: number): void {
    if (kind === EVENT_DRAINED) this.port.drained();
  }

  private details(kind: number, at: number): DatagramDetails {
    const { events } = this.sockets.memory;
    const flags = kind >> EVENT_FLAGS_SHIFT;
    const details = at + EVENT_INTS * 2;
    const trafficClass = events[details + 2] as number;
    const interfaceIndex = events[details + 3] as number;
    const ipv6 = (flags & FLAG_DESTINATION_IPV6) !== 0;
    const { scopeName } = this.sockets;
    const destination =
      (flags & FLAG_HAS_DESTINATION) === 0
        ? undefined
        : addressFromWords('UDP', events, at + EVENT_INTS * 3, ipv6, interfaceIndex, 0, scopeName)
            .host;
    return {
      destination,
      interfaceIndex: interfaceIndex === 0 ? undefined : interfaceIndex,
      trafficClass: trafficClass < 0 ? undefined : trafficClass,
    };
  }

  private tooLong(length: number, to: A | DestinationOf<A> | undefined): MessageLengthError {
    const known =
      to instanceof IPv4Address || to instanceof IPv6Address || to instanceof UNIXAddress;
    return new MessageLengthError(length, known ? to : this.peer);
  }
}
