/** The socket of a listening stream port. */
import type { Address } from '../../core/address.js';

/** A bound and listening socket of a reactor. */
export interface ListenSocket {
  readonly address: Address;
  /** @throws UnsupportedError */
  fileno(): number;
  /**
   * Accepts pending connections, and then no more; `drained` is called when that is done, or at `close`. Without this
   * method the system resets pending connections when the socket is closed.
   */
  drain?(drained: () => void): void;
  /** @param keepFile Leaves the file of a UNIX socket. */
  close(keepFile?: boolean): void;
}
