/** A terminal in raw mode, until it is released or the process ends. */

/** The operations of a backend on the terminal. */
export interface RawTerminal {
  /** Sets raw mode again. */
  resume(): void;
  /** Restores the mode that the terminal had before. */
  leave(): void;
}

/**
 * Sets the mode again when the process continues after a stop, because the shell has used its own mode meanwhile, and restores it
 * when the process exits.
 * @returns Restores it.
 */
export function holdRawMode(terminal: RawTerminal): () => void {
  const resume = (): void => terminal.resume();
  const leave = (): void => terminal.leave();
  process.on('SIGCONT', resume);
  process.on('exit', leave);
  return () => {
    process.off('SIGCONT', resume);
    process.off('exit', leave);
    leave();
  };
}
