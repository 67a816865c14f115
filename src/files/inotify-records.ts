/**
 * The records of inotify(7), sans-I/O:
 *
 *     0   4   8   12  16  16+len
 *     wd  mask cookie len name, padded with NULs
 *
 * Numbers are in the order of the machine. A read brings whole records only; a parser that is fed otherwise keeps the rest.
 */
import { endianness } from 'node:os';

import type { FileName } from './file-names.js';

export const IN_MODIFY = 0x2;
export const IN_ATTRIB = 0x4;
export const IN_CLOSE_WRITE = 0x8;
export const IN_MOVED_FROM = 0x40;
export const IN_MOVED_TO = 0x80;
export const IN_CREATE = 0x100;
export const IN_DELETE = 0x200;
export const IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800;
export const IN_UNMOUNT = 0x2000;
export const IN_Q_OVERFLOW = 0x4000;
export const IN_IGNORED = 0x8000;
export const IN_ONLYDIR = 0x1000000;
export const IN_DONT_FOLLOW = 0x2000000;
export const IN_EXCL_UNLINK = 0x4000000;
export const IN_MASK_ADD = 0x20000000;
export const IN_ISDIR = 0x40000000;

export interface InotifyRecord {
  /** -1 for IN_Q_OVERFLOW. */
  readonly watch: number;
  readonly mask: number;
  /** Pairs IN_MOVED_FROM with IN_MOVED_TO. */
  readonly cookie: number;
  /** Empty if the record is about the watched directory itself. */
  readonly name: FileName;
}

const HEAD_BYTES = 16;
/** More than NAME_MAX of any file system. */
const MAX_NAME_BYTES = 4096;
const LITTLE_ENDIAN = endianness() === 'LE';
const NO_BYTES: Buffer = Buffer.alloc(0);

export class InotifyParser {
  #rest: Buffer = NO_BYTES;

  /** Calls `record` for each complete record. `bytes` are not kept. @throws RangeError they are not records */
  receive(bytes: Buffer, record: (record: InotifyRecord) => void): void {
    const input = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (input.length - at >= HEAD_BYTES) {
      const length = numberAt(input, at + 12);
      if (length > MAX_NAME_BYTES)
        throw new RangeError(`a record of inotify has a name of ${length} bytes`);
      const end = at + HEAD_BYTES + length;
      if (end > input.length) break;
      record({
        watch: numberAt(input, at) | 0,
        mask: numberAt(input, at + 4),
        cookie: numberAt(input, at + 8),
        name: nameIn(input, at + HEAD_BYTES, end),
      });
      at = end;
    }
    this.#rest = at === input.length ? NO_BYTES : Buffer.from(input.subarray(at));
  }
}

function numberAt(bytes: Buffer, at: number): number {
  return LITTLE_ENDIAN ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}

function nameIn(bytes: Buffer, from: number, end: number): FileName {
  if (from === end) return '';
  const nul = bytes.indexOf(0, from);
  return bytes.toString('latin1', from, nul < 0 || nul > end ? end : nul);
}
