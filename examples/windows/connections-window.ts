/** The window of gtk-window.ts, qt-window.ts and tk-window.ts, whichever toolkit draws it. */

/** The columns of the table. */
export const COLUMNS = ['Address', 'Received', 'Sent', 'Age'] as const;

/** The texts of one row, in the order of {@link COLUMNS}. */
export type Row = readonly [address: string, received: string, sent: string, age: string];

export interface WindowContent {
  /** A line above the table. */
  readonly status: string;
  /** The label of the button. */
  readonly button: string;
  readonly rows: readonly Row[];
}

/**
 * A window with a line of text, a button and a table. Its callbacks are called by the clock, not from the frames of the toolkit:
 * they may throw, and close the window.
 */
export interface ConnectionsWindow {
  /** `GTK 4.8.3`. */
  readonly toolkit: string;
  /** The button was pressed. */
  onPressed: () => unknown;
  /** The user wants to close the window. It stays open until {@link close}. */
  onClosing: () => unknown;
  show(content: WindowContent): void;
  /**
   * Begins an animation that draws every frame, or ends it without an argument.
   * @param onFrame Called for each frame with its time in milliseconds. It must not throw.
   */
  animate(onFrame?: (timeMs: number) => void): void;
  close(): void;
}

/** Something is missing on this machine: the message says how to get it. */
export class MissingToolkitError extends Error {
  override readonly name = 'MissingToolkitError';
}
