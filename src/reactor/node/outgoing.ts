/**
 * The bytes written in a turn, until the turn ends. Small writes are copied into a slab, one after the other; consecutive
 * ones of one transport make one run, which becomes one buffer. Bytes of a slab are written once, never again: sockets
 * may keep buffers of it for as long as their peers take to read.
 */
import { LARGE_WRITE_BYTES } from '../../core/transport.js';
import { givenCopyOf, isLent } from '../../internal/lent-bytes.js';
import { MAX_UTF8_BYTES } from '../../internal/utf8.js';

const SLAB_BYTES = 64 * 1024;

/** An object with bytes to send at the end of the turn. */
export interface Flushed {
  /** Hands all of it to the system. */
  flush(): void;
  /** The bytes can't be sent: a buffer kept by reference was transferred. */
  flushFailed(error: unknown): void;
}

/** The owner of the bytes. */
export interface OutgoingOwner extends Flushed {
  /** Takes the next part of its data, in order. @param borrowed Whether its memory is the application's. */
  queue(part: Uint8Array, borrowed: boolean): void;
}

export class Outgoing {
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #used = 0;
  /** The run that can still grow: its owner and where it begins. */
  #runOwner: OutgoingOwner | undefined = undefined;
  #runStart = 0;
  #dirty: Flushed[] = [];

  /** Takes bytes: copies few, keeps many by reference unless they are lent. */
  add(owner: OutgoingOwner, data: Uint8Array): void {
    const { byteLength } = data;
    if (byteLength >= LARGE_WRITE_BYTES) {
      this.closeRun();
      owner.queue(isLent(data) ? givenCopyOf(data) : data, true);
      return;
    }
    this.#openRun(owner, byteLength);
    this.#slab.set(data, this.#used);
    this.#used += byteLength;
  }

  /** Takes text. @returns Its length in bytes. */
  addText(owner: OutgoingOwner, text: string): number {
    const most = text.length * MAX_UTF8_BYTES;
    if (most >= LARGE_WRITE_BYTES) {
      this.closeRun();
      const bytes = Buffer.from(text);
      owner.queue(bytes, false);
      return bytes.byteLength;
    }
    this.#openRun(owner, most);
    const bytes = this.#slab.write(text, this.#used);
    this.#used += bytes;
    return bytes;
  }

  /** Schedules `owner` to be flushed at the end of the turn: call it once a turn. @returns Whether it is the first. */
  schedule(owner: Flushed): boolean {
    return this.#dirty.push(owner) === 1;
  }

  /** Gives the bytes of the growing run to their owner. */
  closeRun(): void {
    const owner = this.#runOwner;
    if (owner === undefined) return;
    this.#runOwner = undefined;
    if (this.#used === this.#runStart) return;
    owner.queue(this.#slab.subarray(this.#runStart, this.#used), false);
  }

  /** The turn ends. Writes of callbacks that are made meanwhile wait for the next end. */
  flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const owner of dirty) {
      try {
        owner.flush();
      } catch (error) {
        owner.flushFailed(error);
      }
    }
  }

  /** Ensures a run of `owner` with room for that many bytes. */
  #openRun(owner: OutgoingOwner, bytes: number): void {
    const full = bytes > SLAB_BYTES - this.#used;
    if (this.#runOwner === owner && !full) return;
    this.closeRun();
    if (full) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
    }
    this.#runOwner = owner;
    this.#runStart = this.#used;
  }
}
