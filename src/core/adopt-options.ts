/** Options for sockets and pipes that were opened elsewhere. */
import type { DatagramOptions, ListenUDPOptions } from './datagram.js';

export interface AdoptOptions {
  /**
   * Takes over the descriptor itself once the call has succeeded: do not close it. Default false: the descriptor is duplicated,
   * and the caller may close its own at any time. The pure-JS reactor supports only true. In a worker, Node closes descriptors
   * that `node:fs` opened there when the worker ends, even if their numbers belong to others by then: give it
   * `trackUnmanagedFds: false` if it hands such descriptors over.
   */
  readonly takeOver?: boolean;
}

export interface AdoptPortOptions extends AdoptOptions {
  /** Removes the file of a UNIX socket when the port stops, as for a socket that was opened here. Default false. */
  readonly ownsFile?: boolean;
}

export interface AdoptConnectionOptions extends AdoptOptions {
  /** Bytes that were received earlier and not processed: the protocol receives them first, in the next turn. */
  readonly unread?: Uint8Array;
}

/** The directions in which a pipe or terminal is used. */
export type PipeDirection = 'read' | 'write' | 'both';

/** The parameters of a serial line. */
export interface SerialOptions {
  /** Bits per second, in both directions. Default 9,600. */
  readonly baudRate?: number;
  /** Default 8. */
  readonly dataBits?: 5 | 6 | 7 | 8;
  /** Default 1. */
  readonly stopBits?: 1 | 2;
  /** Default `none`. */
  readonly parity?: 'none' | 'even' | 'odd';
  /** `hardware`: RTS and CTS. `software`: XON and XOFF, which cannot be sent as bytes then. Default `none`. */
  readonly flowControl?: 'none' | 'hardware' | 'software';
}

export interface AdoptPipeOptions extends AdoptOptions {
  /** Whether the transport receives, sends, or does both. A descriptor of one direction cannot be used in the other. */
  readonly direction: PipeDirection;
  /** The name of its {@link PipeAddress}, for logs. Default: `fd` and the number. */
  readonly name?: string;
  /** Of a serial line: its parameters, set before the protocol is built. Native only. */
  readonly serial?: SerialOptions;
}

/** The options of `listenUDP` that concern receiving and sending. Those of the address are the socket's own. */
export interface AdoptDatagramOptions
  extends AdoptOptions,
    DatagramOptions,
    Pick<
      ListenUDPOptions,
      'packetInfo' | 'receiveTrafficClass' | 'receiveOffload' | 'segmentationOffload'
    > {}
