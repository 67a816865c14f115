/** The file of a UNIX socket, which is removed when the socket is closed. */
import { type BigIntStats, lstatSync, unlinkSync } from 'node:fs';

export class SocketFile {
  readonly #path: string;
  readonly #own: BigIntStats | undefined;

  /** @param path The current path of the socket's file. */
  constructor(path: string) {
    this.#path = path;
    this.#own = fileAt(path);
  }

  /** Removes it unless another file is now in its place. Never throws: the socket is closed even if the file remains. */
  remove(): void {
    const now = fileAt(this.#path);
    if (now === undefined || now.ino !== this.#own?.ino || now.dev !== this.#own.dev) return;
    try {
      unlinkSync(this.#path);
    } catch {
      // The folder is no longer writable, or another process has removed the file.
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
