/** Validators of files: entity tag and date of the last modification. */
import type { BigIntStats } from 'node:fs';
import type { Validators } from './conditional.js';
import { formatHttpDate, isHttpDate } from './dates.js';
import { formatEntityTag } from './entity-tags.js';

/**
 * Time stamps of file systems advance in steps of up to 10 ms on Linux and 2 s on FAT. Within this time after a change, another
 * change may leave size and time stamp as they are.
 */
const SETTLING_MS = 2000;

export interface FileValidators extends Validators {
  /** The ETag field. */
  readonly entityTag: string;
  /** The Last-Modified field. */
  readonly lastModified: string | undefined;
}

/**
 * The entity tag is made of size, time stamp in nanoseconds, and inode. It is strong, and the date is a validator, only if the file was
 * last modified at least two seconds ago. Until then, the tag is weak and there is no date: the content of a
 * weak tag may still change, and no date of the future is sent (RFC 9110 section 8.8.2.1). Servers that share
 * the files of a file system without shared inodes have different tags.
 */
export function validatorsOf(
  { size, mtimeNs, ino }: Pick<BigIntStats, 'size' | 'mtimeNs' | 'ino'>,
  nowMs: number,
): FileValidators {
  const modifiedMs = Number(mtimeNs / 1_000_000n);
  const settled = isSettled({ mtimeNs }, nowMs);
  const value = [size, mtimeNs, ino].map((part) => part.toString(36)).join('-');
  const dated = settled && isHttpDate(modifiedMs);
  return {
    entityTag: formatEntityTag(value, !settled),
    lastModifiedMs: dated ? modifiedMs : undefined,
    lastModified: dated ? formatHttpDate(modifiedMs) : undefined,
  };
}

/** Whether a change from now on also changes size or time stamp. */
export function isSettled({ mtimeNs }: Pick<BigIntStats, 'mtimeNs'>, nowMs: number): boolean {
  return nowMs - Number(mtimeNs / 1_000_000n) >= SETTLING_MS;
}
