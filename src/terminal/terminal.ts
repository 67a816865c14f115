/**
 * The operations of a terminal. A {@link TerminalInterpreter} calls them for the bytes that a program sends, a
 * {@link TerminalWriter} turns calls into such bytes, and a {@link ScreenBuffer} executes them.
 */

/** Modes of ECMA-48 for `setModes`. */
export const Mode = {
  /** Printed characters move those behind them instead of replacing them (IRM). */
  insert: 4,
  /** A line feed also returns to the first column (LNM). */
  newLine: 20,
} as const;

/** Modes of DEC and xterm for `setPrivateModes`. */
export const PrivateMode = {
  /** Cursor keys send ESC O instead of ESC [ (DECCKM). */
  applicationCursorKeys: 1,
  /** The screen is shown in reverse (DECSCNM). */
  reverseScreen: 5,
  /** Rows are counted from the top of the scroll region (DECOM). */
  origin: 6,
  /** Text continues on the next row at the right margin (DECAWM). */
  autoWrap: 7,
  /** The cursor is visible (DECTCEM). */
  showCursor: 25,
  /** The alternate screen, cleared, with the cursor saved (xterm). */
  alternateScreen: 1049,
  /** Pasted text is sent between ESC [ 200 ~ and ESC [ 201 ~ (xterm). */
  bracketedPaste: 2004,
} as const;

/** Character sets: `us` is ASCII, `uk` has a pound sign for `#`, `drawing` has lines for a to z (DEC Special Graphics). */
export type CharacterSet = 'us' | 'uk' | 'drawing' | 'alternate' | 'alternateDrawing';

/** One attribute of SGR (ECMA-48, 8.3.117), or one with its sub-parameters: `4`, or `[4, 3]` for `4:3`. -1 is omitted. */
export type GraphicAttribute = number | readonly number[];

/**
 * Counts are 1 or more; columns and rows count from 0, at the top left. Nothing throws because of a position outside of the
 * screen: the nearest one inside is meant.
 */
export interface Terminal {
  /** Printable characters at the cursor. */
  print(text: string): void;
  bell(): void;
  carriageReturn(): void;
  /** One row down in the same column, or scrolls. */
  lineFeed(): void;
  /** To the next tab stop but `count - 1`. */
  horizontalTab(count: number): void;
  backTab(count: number): void;

  cursorUp(count: number): void;
  cursorDown(count: number): void;
  cursorForward(count: number): void;
  cursorBackward(count: number): void;
  /** To the first column, `count` rows down, without scrolling. */
  cursorNextLine(count: number): void;
  cursorPreviousLine(count: number): void;
  cursorPosition(column: number, row: number): void;
  cursorHome(): void;
  cursorToColumn(column: number): void;
  cursorToRow(row: number): void;
  saveCursor(): void;
  restoreCursor(): void;
  /** One row down, or scrolls. */
  index(): void;
  /** One row up, or scrolls down. */
  reverseIndex(): void;
  /** To the first column of the next row, or scrolls. */
  nextLine(): void;

  setModes(modes: readonly number[]): void;
  resetModes(modes: readonly number[]): void;
  setPrivateModes(modes: readonly number[]): void;
  resetPrivateModes(modes: readonly number[]): void;
  applicationKeypadMode(): void;
  numericKeypadMode(): void;
  /** 0 to 6: blinking and steady block, underline, bar (DECSCUSR). */
  setCursorStyle(style: number): void;

  /** @param which G0 to G3. */
  selectCharacterSet(set: CharacterSet, which: 0 | 1 | 2 | 3): void;
  /** Activates G0. */
  shiftIn(): void;
  /** Activates G1. */
  shiftOut(): void;
  /** Activates G2 for one character. */
  singleShift2(): void;
  /** Activates G3 for one character. */
  singleShift3(): void;
  /** An empty list is a reset. */
  selectGraphicRendition(attributes: readonly GraphicAttribute[]): void;

  horizontalTabulationSet(): void;
  tabulationClear(): void;
  tabulationClearAll(): void;
  /** The row shows the top or bottom half of characters of double height and width. */
  doubleHeightLine(top: boolean): void;
  singleWidthLine(): void;
  doubleWidthLine(): void;

  eraseToLineEnd(): void;
  /** The cursor's column included. */
  eraseToLineBeginning(): void;
  eraseLine(): void;
  eraseToDisplayEnd(): void;
  eraseToDisplayBeginning(): void;
  eraseDisplay(): void;
  eraseScrollback(): void;
  eraseCharacters(count: number): void;
  insertCharacters(count: number): void;
  deleteCharacters(count: number): void;
  insertLines(count: number): void;
  deleteLines(count: number): void;
  scrollUp(count: number): void;
  scrollDown(count: number): void;
  /** Prints the last character again. */
  repeatCharacter(count: number): void;
  /** Rows that scroll, both included; the whole screen if omitted. The cursor moves to the home position. */
  setScrollRegion(first?: number, last?: number): void;

  /** The terminal answers with the position of its cursor (CPR). */
  reportCursorPosition(): void;
  /** The terminal answers that it works (DSR). */
  reportStatus(): void;
  /** The terminal answers with its kind (DA1). */
  reportAttributes(): void;
  /** The terminal answers with its kind and version (DA2). */
  reportSecondaryAttributes(): void;
  /** The terminal answers with its size in characters. */
  reportSize(): void;

  setTitle(title: string): void;
  reset(): void;
  softReset(): void;
  /** Fills the screen with E (DECALN). */
  alignmentTest(): void;
  /** @param sequence A sequence without meaning for this package, at most as long as the limits of the parser allow. */
  unhandledControlSequence(sequence: string): void;
}
