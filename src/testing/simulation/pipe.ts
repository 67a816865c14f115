/**
 * One direction of a simulated connection, from the sender's system to the receiver's: a send buffer, pieces in transit,
 * and arrived bytes that were not read. The receiver's window bounds the last two together.
 *
 *     send() -> [send buffer] -> lane -> [arrived] -> read()
 *                     ^------ acknowledgements ------'
 */
import type { Clock } from '../../core/clock.js';
import { ByteQueue } from './byte-queue.js';
import type { FaultSettings } from './faults.js';
import type { Lane } from './lane.js';
import type { SeededRandom } from './random.js';
import type { Trace } from './trace.js';

/** How long a piece to be coalesced waits for those behind it. */
const COALESCE_MS = 20;

/** A slow reader takes its data in portions of a tenth of a second's. */
const PORTIONS_PER_SECOND = 10;

/** The connection that a pipe belongs to. It is always called from an event of the simulation. */
export interface PipeListener {
  /** A piece reached the receiver's system. @returns False if nobody can take it. */
  arrived(bytes: number): boolean;
  /** There is data to read, or the end of it. */
  readable(): void;
  /** There is room in the send buffer after there was too little. */
  sendable(): void;
}

export interface PipeOptions {
  /** Names the direction in the trace. */
  readonly name: string;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly faults: FaultSettings;
  readonly random: SeededRandom;
  /** Carries the data. */
  readonly lane: Lane;
  /** Carries the acknowledgements. */
  readonly back: Lane;
  readonly listener: PipeListener;
}

export class Pipe {
  readonly name: string;
  readonly #clock: Clock;
  readonly #trace: Trace;
  readonly #faults: FaultSettings;
  /** Carries the data, and a reset. */
  readonly lane: Lane;
  readonly #back: Lane;
  readonly #listener: PipeListener;
  readonly #splits: SeededRandom;
  readonly #joins: SeededRandom;
  readonly #unsent = new ByteQueue();
  readonly #unread = new ByteQueue();
  /** Bytes in transit, unread, or read and not acknowledged. */
  #outstanding = 0;
  #toAcknowledge = 0;
  #acknowledging = false;
  #end: 'no' | 'wanted' | 'sent' | 'arrived' = 'no';
  /** Whether the sender is waiting for room. */
  #blocked = false;
  #cut = false;
  #wakeUpDue = false;
  /** The receiver's rate in bytes a second, and when it takes the next. */
  #readRate = Number.POSITIVE_INFINITY;
  #readAgainAt = 0;

  constructor(options: PipeOptions) {
    this.name = options.name;
    this.#clock = options.clock;
    this.#trace = options.trace;
    this.#faults = options.faults;
    this.lane = options.lane;
    this.#back = options.back;
    this.#listener = options.listener;
    this.#splits = options.random.fork('split');
    this.#joins = options.random.fork('coalesce');
    if (options.random.fork('slowReader').chance(this.#faults.slowReader)) {
      this.#readRate = this.#faults.slowReaderBytesPerSecond;
    }
  }

  get unsentBytes(): number {
    return this.#unsent.byteLength;
  }

  get underWayBytes(): number {
    return this.#outstanding - this.#unread.byteLength - this.#toAcknowledge;
  }

  get unreadBytes(): number {
    return this.#unread.byteLength;
  }

  /** Whether all sent data, and the end after it, has arrived and was read. */
  get finished(): boolean {
    return this.#end === 'arrived' && this.#unread.byteLength === 0;
  }

  /**
   * Takes a copy of as much as there is room for, as a system does.
   * @returns How many bytes; if fewer than given, `sendable` will be called.
   */
  send(data: Buffer): number {
    let taken = 0;
    while (taken < data.byteLength) {
      const room = this.#faults.sendBufferBytes - this.#unsent.byteLength;
      if (room <= 0) {
        this.#blocked = true;
        this.#trace.add('all', this.name, 'the send buffer is full');
        break;
      }
      const part = Buffer.from(data.subarray(taken, taken + room));
      this.#unsent.push(part);
      taken += part.byteLength;
      this.#transmit();
    }
    return taken;
  }

  /** Ends the data, after all sent bytes. */
  finish(): void {
    if (this.#end !== 'no') return;
    this.#end = 'wanted';
    this.#transmit();
  }

  /** Forgets unsent bytes, and sends nothing more. */
  stopSending(): void {
    this.#unsent.clear();
    this.#blocked = false;
    if (this.#end !== 'arrived') this.#end = 'sent';
  }

  /** Forgets all data; pieces in transit will not arrive. */
  destroy(): void {
    this.stopSending();
    this.#unread.clear();
    this.#cut = true;
  }

  /** Sets how fast the receiver reads; infinite: as fast as data is delivered. */
  setReadRate(bytesPerSecond: number): void {
    this.#readRate = bytesPerSecond;
  }

  /**
   * Takes arrived bytes, at most `most`.
   * @returns Nothing if there are none, or a slow reader does not read yet: `readable` will be called.
   */
  read(most: number): Buffer | undefined {
    if (this.#unread.byteLength === 0) return undefined;
    const now = this.#clock.now();
    if (now < this.#readAgainAt) {
      this.#wakeUp(this.#readAgainAt - now);
      return undefined;
    }
    const portion = Math.max(1, Math.floor(this.#readRate / PORTIONS_PER_SECOND));
    const data = this.#unread.take(Math.min(most, portion));
    this.#readAgainAt = now + (data.byteLength * 1000) / this.#readRate;
    this.#acknowledge(data.byteLength);
    return data;
  }

  /** Sends as much as the window has room for. */
  #transmit(): void {
    for (;;) {
      const room = this.#faults.receiveWindowBytes - this.#outstanding;
      const most = Math.min(this.#unsent.byteLength, room, this.#faults.maxPieceBytes);
      if (most <= 0) break;
      const piece = this.#unsent.take(this.#cutShort(most));
      this.#outstanding += piece.byteLength;
      this.#trace.add('all', this.name, `sent ${piece.byteLength} B`);
      this.lane.carry(piece.byteLength, () => this.#pieceArrived(piece));
    }
    if (this.#end !== 'wanted' || this.#unsent.byteLength > 0) return;
    this.#end = 'sent';
    this.lane.carry(0, () => this.#endArrived());
  }

  /** Short pieces find more faults, so they are likelier than long ones. */
  #cutShort(bytes: number): number {
    const cut = this.#splits.chance(this.#faults.split);
    const part = this.#splits.next();
    return cut ? 1 + Math.floor(part * part * part * bytes) : bytes;
  }

  #pieceArrived(piece: Buffer): void {
    if (this.#cut) return;
    this.#trace.addData(this.name, piece);
    if (!this.#listener.arrived(piece.byteLength) || this.#cut) return;
    this.#unread.push(piece);
    if (this.#joins.chance(this.#faults.coalesce)) this.#wakeUp(COALESCE_MS);
    else this.#listener.readable();
  }

  #endArrived(): void {
    if (this.#cut) return;
    this.#end = 'arrived';
    this.#trace.add('connections', this.name, 'end of data');
    if (this.#listener.arrived(0)) this.#listener.readable();
  }

  #wakeUp(ms: number): void {
    if (this.#wakeUpDue) return;
    this.#wakeUpDue = true;
    this.#clock.callLater(ms, () => {
      this.#wakeUpDue = false;
      if (!this.#cut) this.#listener.readable();
    });
  }

  /** Reports room in the window to the sender; bytes read meanwhile are included. */
  #acknowledge(bytes: number): void {
    this.#toAcknowledge += bytes;
    if (this.#acknowledging) return;
    this.#acknowledging = true;
    this.#back.carry(0, () => {
      this.#acknowledging = false;
      this.#outstanding -= this.#toAcknowledge;
      this.#trace.add('all', this.name, `acknowledged ${this.#toAcknowledge} B`);
      this.#toAcknowledge = 0;
      if (this.#cut) return;
      this.#transmit();
      if (!this.#blocked) return;
      this.#blocked = false;
      this.#listener.sendable();
    });
  }
}
