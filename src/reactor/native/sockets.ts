/** State shared by the transports, ports and dials of one native reactor: the loop, its commands, and the owners of handles. */
import {
  type Address,
  addressFromWords,
  type IPAddress,
  type IPAddressType,
  type ScopeName,
  type SocketAddress,
  UNIXAddress,
} from '../../core/address.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { loadAddon, type NativeLoop } from '../../native.js';
import type { SecuredStream, SecureStreamOptions } from '../streams/secure-stream.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { TurnReactor } from '../time/turn-reactor.js';
import { Outgoing } from './outgoing.js';
import type { ReceiveArena } from './receive-arena.js';
import {
  EVENT_COUNT,
  EVENT_CURSOR,
  HANDLE_INDEX_MASK,
  type SharedMemory,
} from './shared-memory.js';

/** Moves the connection of a transport to a new one, which is secured. */
export type SecureStream = (
  from: StreamOrigin,
  options: SecureStreamOptions,
) => SecuredStream | undefined;

/** The connection of a transport that is to be replaced. */
export interface StreamOrigin {
  readonly sockets: NativeSockets;
  readonly handle: number;
  readonly owner: StreamOwner;
  readonly protocol: StreamProtocol | undefined;
  readonly peer: Address;
  readonly host: Address | undefined;
  readonly paused: boolean;
}

/** The owner of a handle. */
export interface NativeSocket {
  readonly handle: number;
  /** @param at Position of the event's second record in the events array, for the kinds that have one. */
  nativeEvent(kind: number, a: number, b: number, at: number): void;
}

const PORT_MASK = 0xffff;
const IPV6_SHIFT = 16;

/** The value of `addressFamily` for UNIX sockets. */
const FAMILY_UNIX = 1;

export class NativeSockets {
  readonly loop: NativeLoop;
  readonly memory: SharedMemory;
  readonly outgoing: Outgoing;
  readonly arena: ReceiveArena;
  readonly reactor: TurnReactor;
  readonly secureStream: SecureStream;
  readonly scopeName: ScopeName = loadAddon().interfaceScope;
  /** By the slot of the handle: callers must check that the handle is the same. */
  readonly slots: (NativeSocket | undefined)[] = [];
  readonly #scratch = new Int32Array(7);

  /** @param secureStream Given, because transports depend on this object. */
  constructor(
    loop: NativeLoop,
    memory: SharedMemory,
    arena: ReceiveArena,
    reactor: TurnReactor,
    secureStream: SecureStream,
  ) {
    this.secureStream = secureStream;
    this.loop = loop;
    this.memory = memory;
    this.reactor = reactor;
    this.arena = arena;
    this.outgoing = new Outgoing(loop, memory, arena);
  }

  add<Socket extends NativeSocket>(socket: Socket): Socket {
    this.slots[socket.handle & HANDLE_INDEX_MASK] = socket;
    return socket;
  }

  /** Pending events of this handle are dropped. */
  forget(handle: number): void {
    if (this.find(handle) !== undefined) this.slots[handle & HANDLE_INDEX_MASK] = undefined;
  }

  find(handle: number): NativeSocket | undefined {
    const socket = this.slots[handle & HANDLE_INDEX_MASK];
    return socket !== undefined && socket.handle === handle ? socket : undefined;
  }

  /** Whether events of the current batch are still to be delivered. */
  get batchOpen(): boolean {
    const { header } = this.memory;
    return (header[EVENT_CURSOR] as number) < (header[EVENT_COUNT] as number);
  }

  /** The local address of any stream socket or, with `peer`, its peer's. */
  addressOf(handle: number, peer: boolean): SocketAddress | undefined {
    if (this.loop.addressFamily(handle) !== FAMILY_UNIX) return this.ipAddressOf(handle, peer);
    return new UNIXAddress(this.loop.unixPath(handle, peer)?.toString() ?? '');
  }

  ipAddressOf(handle: number, peer: boolean, type: IPAddressType = 'TCP'): IPAddress | undefined {
    const out = this.#scratch;
    if (!this.loop.address(handle, peer, out)) return undefined;
    const port = out[4] as number;
    return addressFromWords(type, out, 0, out[5] === 1, out[6] as number, port, this.scopeName);
  }

  /** The address in an event's second record. `b` and `scope` come from its first. */
  eventAddress(b: number, scope: number, at: number): IPAddress {
    return addressFromWords(
      'TCP',
      this.memory.events,
      at,
      ((b >> IPV6_SHIFT) & 1) === 1,
      scope,
      b & PORT_MASK,
      this.scopeName,
    );
  }
}
