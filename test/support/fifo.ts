/** Pipes that tests open both ends of. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Rig } from './contract.js';
import { temporaryFolder } from './unix.js';

export interface FIFO {
  readonly read: number;
  readonly write: number;
  /** Closes an end now; both are closed after the test. */
  close(end: 'read' | 'write'): void;
  /** The descriptor of an end that the rig's reactor is to adopt: the pure-JS one then closes it. */
  give(end: 'read' | 'write'): number;
}

/** Both ends are non-blocking. */
export function openFIFO(rig: Rig): FIFO {
  const path = join(temporaryFolder(rig), 'pipe');
  execFileSync('mkfifo', [path]);
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const open = new Set([read, write]);
  const close = (fd: number): void => {
    if (open.delete(fd)) closeSync(fd);
  };
  rig.use({
    async [Symbol.asyncDispose]() {
      close(read);
      close(write);
    },
  });
  const fdOf = (end: 'read' | 'write'): number => (end === 'read' ? read : write);
  const give = (end: 'read' | 'write'): number => {
    if (!rig.native) open.delete(fdOf(end));
    return fdOf(end);
  };
  return { read, write, close: (end) => close(fdOf(end)), give };
}
