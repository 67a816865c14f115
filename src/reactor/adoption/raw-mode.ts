/** A terminal in raw mode, until it is released or the process ends. */

/** The operations of a backend on the terminal. */
export interface RawTerminal {
  /** Sets raw mode again. */
  resume(): void;
  /** Restores the mode that the terminal had before. */
  leave(): void;
}

/**
 * Of a transport: entered once. The mode is set again when the process continues after a stop, because the shell has used its own mode
 * meanwhile. It is restored when the process exits.
 */
export class RawMode {
  #leave: (() => void) | undefined = undefined;

  /** Does nothing in raw mode. @param open Sets the mode. */
  enter(open: () => RawTerminal): void {
    if (this.#leave !== undefined) return;
    const terminal = open();
    const resume = (): void => terminal.resume();
    const leave = (): void => terminal.leave();
    process.on('SIGCONT', resume);
    process.on('exit', leave);
    this.#leave = () => {
      process.off('SIGCONT', resume);
      process.off('exit', leave);
      leave();
    };
  }

  leave(): void {
    const leave = this.#leave;
    this.#leave = undefined;
    leave?.();
  }
}
