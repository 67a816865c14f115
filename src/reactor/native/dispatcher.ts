/**
 * Delivers events. Once a turn C++ calls {@link Dispatcher.dispatch} with a batch of events in shared memory; the resulting
 * commands go back in the same memory and are carried out when dispatch has returned.
 */
import { performance } from 'node:perf_hooks';

import type { Address } from '../../core/address.js';
import { SystemCallRetriedError } from '../../core/errors/listening.js';
import { collectGiven } from '../../internal/given-memory.js';
import { systemError } from '../../internal/system-error.js';
import type { NativeLoop } from '../../native.js';
import type { TurnReactor } from '../time/turn-reactor.js';
import type { TurnTimes } from '../time/turn-times.js';
import { datagramRecords, type NativeDatagramSocket } from './datagram-socket.js';
import { failedCallName } from './errors.js';
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
} from './shared-memory.js';
import type { NativeSockets } from './sockets.js';
import type { NativeTransport } from './transport.js';

/** When dispatching has taken this long, Node's loop gets a turn before the rest of the batch. */
const TURN_BUDGET_MS = 10;
/** The clock is read once per this many events. */
const BUDGET_CHECK_EVENTS = 64;

const NANOS_PER_MS = 1e6;

type AnyDatagramSocket = NativeDatagramSocket<Address>;

/** The reactor that events are delivered for. */
export interface DispatchReactor extends TurnReactor {
  readonly collectAfterBytes: number;
  /** Runs the callbacks given to `soon`. */
  runSoon(): void;
}

export class Dispatcher {
  readonly #core: DispatchReactor;
  readonly #loop: NativeLoop;
  readonly #sockets: NativeSockets;
  readonly #turnTimes: TurnTimes | undefined;
  readonly #header: Int32Array;
  readonly #events: Int32Array;

  /** @param turnTimes Receives the length of each turn. */
  constructor(core: DispatchReactor, sockets: NativeSockets, turnTimes: TurnTimes | undefined) {
    this.#core = core;
    this.#loop = sockets.loop;
    this.#sockets = sockets;
    this.#turnTimes = turnTimes;
    this.#header = sockets.memory.header;
    this.#events = sockets.memory.events;
  }

  /** Delivers the batch in shared memory, or the rest of it if time ran out before. */
  dispatch(): void {
    if (this.#turnTimes !== undefined) this.#recordTurn(this.#turnTimes);
    this.#core.runSoon();
    collectGiven(this.#core.collectAfterBytes);
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
        // Only transports receive data. receivedIn() catches exceptions of application code.
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

  /** The port catches exceptions of application code; there may be no memory for the source address of a datagram. */
  #deliverDatagram(socket: AnyDatagramSocket, kind: number, at: number): void {
    try {
      socket.datagramEvent(kind, at);
    } catch (error) {
      this.#core.report(error, 'datagram');
    }
  }

  /** Delivers an event other than data. Returns the number of its records after the first. */
  #deliver(handle: number, kind: number, at: number): number {
    const a = this.#events[at + 2] as number;
    const b = this.#events[at + 3] as number;
    const shortKind = kind & EVENT_KIND_MASK;
    if (shortKind === EVENT_CALL_FAILED) {
      const cause = systemError(failedCallName(b, this.#loop.poller), a);
      this.#core.report(new SystemCallRetriedError(cause), 'readiness');
      return 0;
    }
    const socket = this.#sockets.find(handle);
    // A descriptor belongs to this side once the cursor is past it; the core closes those that are never reached.
    if (shortKind === EVENT_DESCRIPTOR) this.#header[EVENT_CURSOR] = at / EVENT_INTS + 1;
    try {
      if (socket !== undefined) socket.nativeEvent(kind, a, b, at + EVENT_INTS);
      else if (shortKind === EVENT_ACCEPTED) this.#sockets.outgoing.command(a, COMMAND_DISCARD);
      else if (shortKind === EVENT_DESCRIPTOR) this.#loop.closeDescriptor(a);
    } catch (error) {
      this.#core.report(error, 'event');
    }
    return shortKind === EVENT_ACCEPTED || shortKind === EVENT_CONNECTED ? 1 : 0;
  }

  #recordTurn(turnTimes: TurnTimes): void {
    const lastTurnNanos = this.#loop.statistics()[3];
    if (lastTurnNanos > 0) turnTimes.record(lastTurnNanos / NANOS_PER_MS);
  }
}
