/** The size of a terminal, shared by processes and pipes. */

/** Columns and rows of characters. */
export interface TerminalSize {
  /** 0 to 65535; 0 means unknown. */
  readonly columns: number;
  readonly rows: number;
  /** In pixels. Default 0, unknown. */
  readonly pixelWidth?: number;
  readonly pixelHeight?: number;
}
