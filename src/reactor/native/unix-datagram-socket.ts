/** A UNIX datagram socket of the native reactor. */
import { UNIXAddress } from '../../core/address.js';
import type { DatagramPort, DatagramSocket } from '../datagrams/datagram-port.js';
import { checkPath } from '../streams/unix-settings.js';
import { NativeDatagramSocket } from './datagram-socket.js';
import { DATAGRAM_HEADER_BYTES, DATAGRAM_TO_PEER, DATAGRAM_TO_UNIX } from './shared-memory.js';
import type { NativeSockets } from './sockets.js';

/** UNIX limits a datagram only by the buffers; the limit here is the capacity of the outgoing slab. */
const MAX_BYTES = 65_535;
/** The longest path. */
const MAX_PATH_BYTES = 128;

const UNNAMED = new UNIXAddress('');

export class NativeUNIXDatagramSocket extends NativeDatagramSocket<UNIXAddress> {
  override readonly address: UNIXAddress;
  override readonly peer: UNIXAddress | undefined;

  constructor(
    sockets: NativeSockets,
    handle: number,
    port: DatagramPort<UNIXAddress, DatagramSocket<UNIXAddress>>,
    path: string,
    peer: string | undefined,
  ) {
    super(sockets, handle, port, false);
    this.address = path === '' ? UNNAMED : new UNIXAddress(path);
    this.peer = peer === undefined ? undefined : new UNIXAddress(peer);
  }

  override close(keepFile = false): void {
    if (!keepFile) this.sockets.loop.unlinkUnix(this.handle);
    super.close();
  }

  protected override maxBytes(): number {
    return MAX_BYTES;
  }

  protected override headerBytes(): number {
    return DATAGRAM_HEADER_BYTES + MAX_PATH_BYTES;
  }

  protected override writeHeader(offset: number, to: UNIXAddress | string | undefined): number {
    const { outgoing, outgoingInts } = this.sockets.memory;
    const at = offset >> 2;
    outgoingInts[at + 1] = 0;
    if (to === undefined) {
      outgoingInts[at] = DATAGRAM_TO_PEER;
      return DATAGRAM_HEADER_BYTES;
    }
    const path = checkPath('to', to instanceof UNIXAddress ? to.path : to);
    outgoingInts[at] = DATAGRAM_TO_UNIX;
    const length = outgoing.write(path, offset + DATAGRAM_HEADER_BYTES);
    outgoingInts[at + 1] = length;
    return DATAGRAM_HEADER_BYTES + length;
  }

  /** The record holds the position of the path in the arena. */
  protected override addressAt(at: number): UNIXAddress {
    const { events } = this.sockets.memory;
    const length = events[at + 1] as number;
    if (length === 0) return UNNAMED;
    return new UNIXAddress(this.sockets.arena.lend(events[at] as number, length).toString());
  }
}
