/**
 * JavaScript's commands, gathered over a turn without a call into C++: small writes are copied into the outgoing
 * slab with a record, other commands are records alone. The core carries them out at the end of the turn.
 */
import { LARGE_WRITE_BYTES } from '../../core/transport.js';
import { checkData } from '../../internal/check.js';
import { givenCopyOf, isLent } from '../../internal/lent-bytes.js';
import { MAX_UTF8_BYTES } from '../../internal/utf8.js';
import type { NativeLoop } from '../../native.js';
import type { ReceiveArena } from './receive-arena.js';
import {
  ARENA_OFFSET,
  COMMAND_CAPACITY,
  COMMAND_COUNT,
  COMMAND_INTS,
  COMMANDS_TAKEN,
  OUTGOING_BYTES,
  OUTGOING_USED,
  type SharedMemory,
} from './shared-memory.js';

/** Lent bytes of this number or more are sent in place; copying fewer takes less time than finding out whether they are lent. */
const LENT_REFERENCE_BYTES = 2048;

/** Up to this number, lent bytes of other memory than the arena are copied into the slab: allocating memory for a copy costs ten times as much. */
const COPIED_LENT_BYTES = 65_536;

export class Outgoing {
  readonly #loop: NativeLoop;
  readonly #header: Int32Array;
  readonly #commands: Int32Array;
  readonly #slab: Buffer;
  readonly #arena: ReceiveArena;

  constructor(loop: NativeLoop, memory: SharedMemory, arena: ReceiveArena) {
    this.#loop = loop;
    this.#arena = arena;
    this.#header = memory.header;
    this.#commands = memory.commands;
    this.#slab = memory.outgoing;
  }

  /** @throws InvalidArgumentTypeError */
  write(handle: number, data: Uint8Array | string): void {
    if (data instanceof Uint8Array) {
      const { length } = data;
      if (length >= LENT_REFERENCE_BYTES && this.#arena.has(data)) {
        this.#writeLent(handle, data);
        return;
      }
      if (length >= LARGE_WRITE_BYTES) {
        const lent = isLent(data);
        if (!lent || length > COPIED_LENT_BYTES) {
          this.#loop.write(handle, lent ? givenCopyOf(data) : data);
          return;
        }
      }
      const offset = this.#reserve(length);
      this.#slab.set(data, offset);
      this.#record(handle, offset, length);
    } else if (typeof data === 'string') {
      if (data.length * MAX_UTF8_BYTES >= LARGE_WRITE_BYTES) {
        this.write(handle, Buffer.from(data));
        return;
      }
      const offset = this.#reserve(data.length * MAX_UTF8_BYTES);
      this.#record(handle, offset, this.#slab.write(data, offset));
    } else {
      checkData(data);
    }
  }

  /**
   * The place of the next datagram, of up to `length` bytes with its header: the offset, aligned for integers. Nothing is
   * sent before {@link Outgoing.datagram} is called.
   */
  reserveDatagram(length: number): number {
    this.#room();
    const used = ((this.#header[OUTGOING_USED] as number) + 3) & ~3;
    if (used + length <= OUTGOING_BYTES) return used;
    this.#loop.flush();
    return 0;
  }

  /** A datagram is at `offset`, where it was reserved. Never joined to earlier writes. */
  datagram(handle: number, offset: number, length: number): void {
    const header = this.#header;
    const commands = this.#commands;
    const count = header[COMMAND_COUNT] as number;
    const at = count * COMMAND_INTS;
    commands[at] = handle;
    commands[at + 1] = offset;
    commands[at + 2] = length;
    header[COMMAND_COUNT] = count + 1;
    header[OUTGOING_USED] = offset + length;
  }

  command(handle: number, command: number): void {
    const count = this.#room();
    const at = count * COMMAND_INTS;
    this.#commands[at] = handle;
    this.#commands[at + 1] = command;
    this.#commands[at + 2] = 0;
    this.#header[COMMAND_COUNT] = count + 1;
  }

  /** The core sends them before it uses the arena again, or copies the bytes that the system does not take. */
  #writeLent(handle: number, data: Uint8Array): void {
    const { byteOffset, length } = data;
    if (this.#arena.poisons) this.#loop.write(handle, givenCopyOf(data));
    else this.#record(handle, ARENA_OFFSET + byteOffset, length);
  }

  /** The place of the next `length` bytes. A full slab is sent early: the bytes of a turn then leave in several pieces. */
  #reserve(length: number): number {
    const used = this.#header[OUTGOING_USED] as number;
    if (used + length <= OUTGOING_BYTES) return used;
    this.#loop.flush();
    return 0;
  }

  /** The number of commands; there is room for one more. */
  #room(): number {
    const count = this.#header[COMMAND_COUNT] as number;
    if (count < COMMAND_CAPACITY) return count;
    // Bytes that were reserved before this stay in place: only the records before them are gone.
    const used = this.#header[OUTGOING_USED] as number;
    this.#loop.flush();
    this.#header[OUTGOING_USED] = used;
    return 0;
  }

  /** Records bytes of the slab or the arena; bytes that continue the last record of the same connection extend it. */
  #record(handle: number, offset: number, length: number): void {
    if (length === 0) return;
    const header = this.#header;
    const commands = this.#commands;
    const last = (header[COMMAND_COUNT] as number) - 1;
    const lastAt = last * COMMAND_INTS;
    if (
      last >= (header[COMMANDS_TAKEN] as number) &&
      commands[lastAt] === handle &&
      (commands[lastAt + 1] as number) + (commands[lastAt + 2] as number) === offset &&
      (commands[lastAt + 1] as number) >= 0
    ) {
      commands[lastAt + 2] = (commands[lastAt + 2] as number) + length;
    } else {
      const count = this.#room();
      const at = count * COMMAND_INTS;
      commands[at] = handle;
      commands[at + 1] = offset;
      commands[at + 2] = length;
      header[COMMAND_COUNT] = count + 1;
    }
    if (offset < ARENA_OFFSET) header[OUTGOING_USED] = offset + length;
  }
}
