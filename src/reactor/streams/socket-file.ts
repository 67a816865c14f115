/** The file of a UNIX socket, which goes when the socket is closed. */
import { type BigIntStats, lstatSync, unlinkSync } from 'node:fs';

export class SocketFile {
  readonly #path: string;
  readonly #own: BigIntStats | undefined;

  /** @param path Where the socket's file is now. */
  constructor(path: string) {
    this.#path = path;
    this.#own = fileAt(path);
  }

  /** Unless somebody has put another in its place. Never throws: what can't be removed stays, and the socket is closed. */
  remove(): void {
    const now = fileAt(this.#path);
    if (now === undefined || now.ino !== this.#own?.ino || now.dev !== this.#own.dev) return;
    try {
      unlinkSync(this.#path);
    } catch {
      // Its folder is not ours to write to any more, or somebody was faster.
    }
  }
}

function fileAt(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
