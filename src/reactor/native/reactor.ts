/**
 * The reactor over the addon. Once a turn C++ calls {@link NativeReactor.dispatch} with a batch of events in shared
 * memory; what they lead to goes back as commands in the same memory, carried out when dispatch has returned.
 */
import { performance } from 'node:perf_hooks';

import type { Address } from '../../core/address.js';
import type { ReadDescriptor, WriteDescriptor } from '../../core/descriptor.js';
import { SystemCallRetriedError } from '../../core/errors/listening.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { checkBoolean, checkChoice, checkInteger } from '../../internal/check.js';
import { checkHasDescriptors, WINDOWS } from '../../internal/platform.js';
import { systemError } from '../../internal/system-error.js';
import { loadAddon, type NativeLoop } from '../../native.js';
import type {
  DatagramSettings,
  UDPSettings,
  UNIXDatagramSettings,
} from '../datagrams/datagram-settings.js';
import type { UDPPort, UDPSocket } from '../datagrams/udp-port.js';
import type { UNIXDatagramPort, UNIXDatagramSocket } from '../datagrams/unix-datagram-port.js';
import { HostedReactor, type OwnNameResolver } from '../hosted-reactor.js';
import { systemResolver } from '../names/system-resolver.js';
import { NodeSockets } from '../node/sockets.js';
import { POLLER_CHOICES, type PollerChoice } from '../poller-choice.js';
import type { ReactorOptions } from '../reactor-options.js';
import type { Dial, DialListener } from '../streams/stream-connector.js';
import type { ListenSocket, StreamPort } from '../streams/stream-port.js';
import type { StreamOwner, StreamTransport } from '../streams/stream-transport.js';
import type { ConnectSettings, ListenSettings } from '../streams/tcp-settings.js';
import type {
  UNIXConnectSettings,
  UNIXListenSettings,
  UNIXSettings,
} from '../streams/unix-settings.js';
import { TurnTimes } from '../time/turn-times.js';
import { adoptConnection, adoptListening, adoptUDP } from './adopt.js';
import { datagramRecords, type NativeDatagramSocket } from './datagram-socket.js';
import { NativeDescriptors } from './descriptors.js';
import { checkConnectSupported, dialTCP, dialUNIX } from './dial.js';
import { asSystemError, failedCallName } from './errors.js';
import { bindUDP, bindUNIXDatagrams, listenTCP, listenUNIX } from './listen.js';
import { NATIVE_LOOKUPS_AT_ONCE, nativeLookUp } from './lookup.js';
import { ReceiveArena } from './receive-arena.js';
import {
  COMMAND_DISCARD,
  EVENT_ACCEPTED,
  EVENT_CALL_FAILED,
  EVENT_CONNECTED,
  EVENT_COUNT,
  EVENT_CURSOR,
  EVENT_DATA,
  EVENT_DATAGRAM,
  EVENT_DESCRIPTOR,
  EVENT_INTS,
  EVENT_KIND_MASK,
  HANDLE_INDEX_MASK,
  mapSharedMemory,
} from './shared-memory.js';
import { NativeSockets } from './sockets.js';
import { NativeTransport } from './transport.js';

export interface NativeReactorOptions {
  /** What tells readiness. Default `auto`: the best that the platform has. */
  readonly poller?: PollerChoice;
  /**
   * After each turn, look for more for this many microseconds before Node's loop goes on. Trades a busy core for
   * latency: a ping-pong over one connection takes a fifth of the time with 50. Default 0.
   */
  readonly busyPollUs?: number;
}

/** When dispatching has taken this long, Node's loop gets a turn before the rest of the batch. */
const TURN_BUDGET_MS = 10;
/** The clock is read once in this many events. */
const BUDGET_CHECK_EVENTS = 64;

const NANOS_PER_MS = 1e6;

type AnyDatagramSocket = NativeDatagramSocket<Address>;

export class NativeReactor extends HostedReactor {
  override readonly kind = 'native';
  override readonly poller: string;
  readonly #loop: NativeLoop;
  readonly #sockets: NativeSockets;
  readonly #descriptors: NativeDescriptors;
  /** Windows' UNIX sockets are named pipes, which Node has already. */
  readonly #pipes: NodeSockets | undefined;
  readonly #header: Int32Array;
  readonly #events: Int32Array;
  readonly #measureTurns: boolean;
  readonly #turnTimes = new TurnTimes();

  constructor(options: ReactorOptions & NativeReactorOptions) {
    super(options);
    const poller = checkChoice('poller', options.poller ?? 'auto', POLLER_CHOICES);
    const busyPollUs = checkInteger('busyPollUs', options.busyPollUs ?? 0, 0, 1_000_000);
    this.#measureTurns = checkBoolean('measureTurns', options.measureTurns ?? false);
    this.#loop = createLoop(poller, busyPollUs, this.#measureTurns, () => this.#dispatch());
    this.poller = this.#loop.poller;
    const memory = mapSharedMemory(this.#loop.memory);
    this.#header = memory.header;
    this.#events = memory.events;
    const arena = new ReceiveArena(this.#loop, this.poisonsLentBytes);
    this.#sockets = new NativeSockets(this.#loop, memory, arena, this);
    this.#descriptors = new NativeDescriptors(this.#sockets);
    this.#pipes = WINDOWS ? new NodeSockets(this) : undefined;
  }

  /** @internal */
  override openListenSocket(settings: ListenSettings, port: StreamPort): ListenSocket {
    return listenTCP(this.#sockets, settings, port);
  }

  /** @internal */
  override dial(
    address: string,
    port: number,
    settings: ConnectSettings,
    listener: DialListener,
  ): Dial {
    return dialTCP(this.#sockets, address, port, settings, listener);
  }

  /** @internal */
  override openUNIXListenSocket(settings: UNIXListenSettings, port: StreamPort): ListenSocket {
    return this.#pipes?.listenUNIX(settings, port) ?? listenUNIX(this.#sockets, settings, port);
  }

  /** @internal */
  override dialUNIX(settings: UNIXConnectSettings, listener: DialListener): Dial {
    return this.#pipes?.dialUNIX(settings, listener) ?? dialUNIX(this.#sockets, settings, listener);
  }

  /** @internal */
  override adoptListenSocket(fd: number, takeOver: boolean, port: StreamPort): ListenSocket {
    return adoptListening(this.#sockets, fd, takeOver, port);
  }

  /** @internal */
  override adoptStream(fd: number, takeOver: boolean, owner: StreamOwner): StreamTransport {
    return adoptConnection(this.#sockets, fd, takeOver, owner);
  }

  /** @internal */
  override openUDPSocket(settings: UDPSettings, port: UDPPort): UDPSocket {
    return bindUDP(this.#sockets, settings, port);
  }

  /** @internal */
  override adoptUDPSocket(
    fd: number,
    takeOver: boolean,
    settings: DatagramSettings,
    port: UDPPort,
  ): UDPSocket {
    return adoptUDP(this.#sockets, fd, takeOver, settings, port);
  }

  /** @internal */
  override openUNIXDatagramSocket(
    settings: UNIXDatagramSettings,
    port: UNIXDatagramPort,
  ): UNIXDatagramSocket {
    if (WINDOWS) throw this.unsupported('UNIX datagrams');
    return bindUNIXDatagrams(this.#sockets, settings, port);
  }

  override addReader(descriptor: ReadDescriptor): void {
    checkHasDescriptors('addReader');
    this.checkOpen();
    this.#descriptors.addReader(descriptor);
  }

  override addWriter(descriptor: WriteDescriptor): void {
    checkHasDescriptors('addWriter');
    this.checkOpen();
    this.#descriptors.addWriter(descriptor);
  }

  override removeReader(descriptor: ReadDescriptor): void {
    checkHasDescriptors('removeReader');
    this.#descriptors.removeReader(descriptor);
  }

  override removeWriter(descriptor: WriteDescriptor): void {
    checkHasDescriptors('removeWriter');
    this.#descriptors.removeWriter(descriptor);
  }

  override getReaders(): ReadDescriptor[] {
    return this.#descriptors.readers();
  }

  override getWriters(): WriteDescriptor[] {
    return this.#descriptors.writers();
  }

  override *transports(): Iterable<StreamTransport> {
    for (const socket of this.#sockets.slots) {
      if (socket instanceof NativeTransport) yield socket;
    }
    if (this.#pipes !== undefined) yield* this.#pipes.open;
  }

  protected override makeNameResolver(): OwnNameResolver {
    return systemResolver(this, nativeLookUp, NATIVE_LOOKUPS_AT_ONCE);
  }

  protected override release(): void {
    this.#loop.flush();
    this.#loop.dispose();
    this.#pipes?.closing.destroyAll();
  }

  protected override bytes(): { received: number; sent: number; turns: number } {
    const [turns, received, sent] = this.#loop.statistics();
    const { bytesReceived = 0, bytesSent = 0 } = this.#pipes ?? {};
    return { received: received + bytesReceived, sent: sent + bytesSent, turns };
  }

  protected override turnTimes(): { p50Ms: number; p99Ms: number } {
    return this.#turnTimes.take();
  }

  /** What a listener can't have the system refuses itself, within the call. */
  protected override checkSupported(settings: ListenSettings | ConnectSettings): void {
    if ('fastOpen' in settings) checkConnectSupported(settings);
  }

  protected override checkSupportsUNIX(_feature: string, settings: UNIXSettings): void {
    this.#pipes?.checkSupportsUNIX(settings);
  }

  /** Deals with the batch in shared memory, or with the rest of it if time ran out before. */
  #dispatch(): void {
    if (this.#measureTurns) this.#recordTurn();
    this.runSoon();
    const header = this.#header;
    const events = this.#events;
    const { arena, slots } = this.#sockets;
    const count = header[EVENT_COUNT] as number;
    const deadline = performance.now() + TURN_BUDGET_MS;
    let untilCheck = BUDGET_CHECK_EVENTS;
    let cursor = header[EVENT_CURSOR] as number;
    while (cursor < count) {
      const at = cursor * EVENT_INTS;
      const handle = events[at] as number;
      const kind = events[at + 1] as number;
      const socket = slots[handle & HANDLE_INDEX_MASK];
      cursor += 1;
      if (kind === EVENT_DATA) {
        // Whatever receives data is a transport. What application code throws is caught in receivedIn().
        if (socket !== undefined && socket.handle === handle) {
          const transport = socket as NativeTransport;
          transport.receivedIn(arena, events[at + 2] as number, events[at + 3] as number);
        }
      } else if ((kind & EVENT_KIND_MASK) >= EVENT_DATAGRAM) {
        cursor += datagramRecords(kind);
        if (socket !== undefined && socket.handle === handle) {
          this.#deliverDatagram(socket as AnyDatagramSocket, kind, at);
        }
      } else {
        cursor += this.#deliver(handle, kind, at);
      }
      untilCheck -= 1;
      if (untilCheck === 0) {
        if (performance.now() > deadline) break;
        untilCheck = BUDGET_CHECK_EVENTS;
      }
    }
    header[EVENT_CURSOR] = cursor;
  }

  /** What application code throws is caught in the port; there may be no memory to tell whom a datagram is from. */
  #deliverDatagram(socket: AnyDatagramSocket, kind: number, at: number): void {
    try {
      socket.datagramEvent(kind, at);
    } catch (error) {
      this.report(error, 'datagram');
    }
  }

  /** Delivers an event other than data. Returns how many records it has beyond the first. */
  #deliver(handle: number, kind: number, at: number): number {
    const a = this.#events[at + 2] as number;
    const b = this.#events[at + 3] as number;
    const shortKind = kind & EVENT_KIND_MASK;
    if (shortKind === EVENT_CALL_FAILED) {
      const cause = systemError(failedCallName(b, this.poller), a);
      this.report(new SystemCallRetriedError(cause), 'readiness');
      return 0;
    }
    const socket = this.#sockets.find(handle);
    // A descriptor is ours once the cursor is past it: those that we never come to, the core closes.
    if (shortKind === EVENT_DESCRIPTOR) this.#header[EVENT_CURSOR] = at / EVENT_INTS + 1;
    try {
      if (socket !== undefined) socket.nativeEvent(kind, a, b, at + EVENT_INTS);
      else if (shortKind === EVENT_ACCEPTED) this.#sockets.outgoing.command(a, COMMAND_DISCARD);
      else if (shortKind === EVENT_DESCRIPTOR) this.#loop.closeDescriptor(a);
    } catch (error) {
      this.report(error, 'event');
    }
    return shortKind === EVENT_ACCEPTED || shortKind === EVENT_CONNECTED ? 1 : 0;
  }

  #recordTurn(): void {
    const lastTurnNanos = this.#loop.statistics()[3];
    if (lastTurnNanos > 0) this.#turnTimes.record(lastTurnNanos / NANOS_PER_MS);
  }
}

function createLoop(
  poller: string,
  busyPollUs: number,
  measureTurns: boolean,
  dispatch: () => void,
): NativeLoop {
  const addon = loadAddon();
  try {
    return addon.createLoop(poller, busyPollUs, measureTurns, dispatch);
  } catch (error) {
    const cause = asSystemError(error);
    if (cause.code === 'ENOTSUP')
      throw new UnsupportedError(poller, 'this platform has no such poller');
    throw cause;
  }
}
