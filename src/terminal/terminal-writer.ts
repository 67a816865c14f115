/** Turns the operations of a {@link Terminal} into the bytes that a program sends to a terminal. */
import { checkInteger, checkString } from '../internal/check.js';
import { MAX_PARAMETER } from './control-sequence-parser.js';
import type { CharacterSet, GraphicAttribute, Terminal } from './terminal.js';

const CHARACTER_SETS: Readonly<Record<CharacterSet, string>> = {
  us: 'B',
  uk: 'A',
  drawing: '0',
  alternate: '1',
  alternateDrawing: '2',
};

/** Control characters: C0, DEL and C1. */
const CONTROLS = /\p{Cc}/gu;

/**
 * Each operation makes one call of the function that the constructor is given. Texts of `print` and `setTitle` lose their control
 * characters, so that text of other users cannot contain commands.
 */
export class TerminalWriter implements Terminal {
  readonly #send: (text: string) => void;

  /** @param send Receives text to be sent as UTF-8. */
  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  /** @param text Control characters in it are dropped. @throws InvalidArgumentTypeError */
  print(text: string): void {
    this.#send(checkString('text', text).replace(CONTROLS, ''));
  }

  bell(): void {
    this.#send('\x07');
  }

  carriageReturn(): void {
    this.#send('\r');
  }

  lineFeed(): void {
    this.#send('\n');
  }

  horizontalTab(count = 1): void {
    if (count === 1) this.#send('\t');
    else this.#counted(count, 'I');
  }

  backTab(count = 1): void {
    this.#counted(count, 'Z');
  }

  cursorUp(count = 1): void {
    this.#counted(count, 'A');
  }

  cursorDown(count = 1): void {
    this.#counted(count, 'B');
  }

  cursorForward(count = 1): void {
    this.#counted(count, 'C');
  }

  cursorBackward(count = 1): void {
    this.#counted(count, 'D');
  }

  cursorNextLine(count = 1): void {
    this.#counted(count, 'E');
  }

  cursorPreviousLine(count = 1): void {
    this.#counted(count, 'F');
  }

  cursorPosition(column: number, row: number): void {
    this.#send(`\x1b[${position('row', row)};${position('column', column)}H`);
  }

  cursorHome(): void {
    this.#send('\x1b[H');
  }

  cursorToColumn(column: number): void {
    this.#send(`\x1b[${position('column', column)}G`);
  }

  cursorToRow(row: number): void {
    this.#send(`\x1b[${position('row', row)}d`);
  }

  saveCursor(): void {
    this.#send('\x1b7');
  }

  restoreCursor(): void {
    this.#send('\x1b8');
  }

  index(): void {
    this.#send('\x1bD');
  }

  reverseIndex(): void {
    this.#send('\x1bM');
  }

  /** CR and LF, which every terminal has. */
  nextLine(): void {
    this.#send('\r\n');
  }

  setModes(modes: readonly number[]): void {
    this.#send(`\x1b[${numbers('modes', modes)}h`);
  }

  resetModes(modes: readonly number[]): void {
    this.#send(`\x1b[${numbers('modes', modes)}l`);
  }

  setPrivateModes(modes: readonly number[]): void {
    this.#send(`\x1b[?${numbers('modes', modes)}h`);
  }

  resetPrivateModes(modes: readonly number[]): void {
    this.#send(`\x1b[?${numbers('modes', modes)}l`);
  }

  applicationKeypadMode(): void {
    this.#send('\x1b=');
  }

  numericKeypadMode(): void {
    this.#send('\x1b>');
  }

  setCursorStyle(style: number): void {
    this.#send(`\x1b[${checkInteger('style', style, 0, 6)} q`);
  }

  selectCharacterSet(set: CharacterSet, which: 0 | 1 | 2 | 3): void {
    this.#send(`\x1b${'()*+'[checkInteger('which', which, 0, 3)]}${CHARACTER_SETS[set]}`);
  }

  shiftIn(): void {
    this.#send('\x0f');
  }

  shiftOut(): void {
    this.#send('\x0e');
  }

  singleShift2(): void {
    this.#send('\x1bN');
  }

  singleShift3(): void {
    this.#send('\x1bO');
  }

  selectGraphicRendition(attributes: readonly GraphicAttribute[]): void {
    const texts = attributes.map((attribute) =>
      typeof attribute === 'number'
        ? numbers('attributes', [attribute])
        : attribute.map((part) => (part < 0 ? '' : numbers('attributes', [part]))).join(':'),
    );
    this.#send(`\x1b[${texts.join(';')}m`);
  }

  horizontalTabulationSet(): void {
    this.#send('\x1bH');
  }

  tabulationClear(): void {
    this.#send('\x1b[g');
  }

  tabulationClearAll(): void {
    this.#send('\x1b[3g');
  }

  doubleHeightLine(top: boolean): void {
    this.#send(top ? '\x1b#3' : '\x1b#4');
  }

  singleWidthLine(): void {
    this.#send('\x1b#5');
  }

  doubleWidthLine(): void {
    this.#send('\x1b#6');
  }

  eraseToLineEnd(): void {
    this.#send('\x1b[K');
  }

  eraseToLineBeginning(): void {
    this.#send('\x1b[1K');
  }

  eraseLine(): void {
    this.#send('\x1b[2K');
  }

  eraseToDisplayEnd(): void {
    this.#send('\x1b[J');
  }

  eraseToDisplayBeginning(): void {
    this.#send('\x1b[1J');
  }

  eraseDisplay(): void {
    this.#send('\x1b[2J');
  }

  eraseScrollback(): void {
    this.#send('\x1b[3J');
  }

  eraseCharacters(count = 1): void {
    this.#counted(count, 'X');
  }

  insertCharacters(count = 1): void {
    this.#counted(count, '@');
  }

  deleteCharacters(count = 1): void {
    this.#counted(count, 'P');
  }

  insertLines(count = 1): void {
    this.#counted(count, 'L');
  }

  deleteLines(count = 1): void {
    this.#counted(count, 'M');
  }

  scrollUp(count = 1): void {
    this.#counted(count, 'S');
  }

  scrollDown(count = 1): void {
    this.#counted(count, 'T');
  }

  repeatCharacter(count = 1): void {
    this.#counted(count, 'b');
  }

  setScrollRegion(first?: number, last?: number): void {
    const from = first === undefined ? '' : position('first', first);
    const to = last === undefined ? '' : position('last', last);
    this.#send(`\x1b[${from};${to}r`);
  }

  reportCursorPosition(): void {
    this.#send('\x1b[6n');
  }

  reportStatus(): void {
    this.#send('\x1b[5n');
  }

  reportAttributes(): void {
    this.#send('\x1b[c');
  }

  reportSecondaryAttributes(): void {
    this.#send('\x1b[>c');
  }

  reportSize(): void {
    this.#send('\x1b[18t');
  }

  /** @param title Control characters in it are dropped. @throws InvalidArgumentTypeError */
  setTitle(title: string): void {
    this.#send(`\x1b]2;${checkString('title', title).replace(CONTROLS, '')}\x1b\\`);
  }

  reset(): void {
    this.#send('\x1bc');
  }

  softReset(): void {
    this.#send('\x1b[!p');
  }

  alignmentTest(): void {
    this.#send('\x1b#8');
  }

  /** Sends the sequence as it is. */
  unhandledControlSequence(sequence: string): void {
    this.#send(checkString('sequence', sequence));
  }

  #counted(count: number, final: string): void {
    this.#send(`\x1b[${checkInteger('count', count, 1, MAX_PARAMETER)}${final}`);
  }
}

/** Counted from 1 in the sequence. */
function position(what: string, value: number): number {
  return checkInteger(what, value, 0, MAX_PARAMETER - 1) + 1;
}

function numbers(what: string, values: readonly number[]): string {
  for (const value of values) checkInteger(`an element of ${what}`, value, 0, MAX_PARAMETER);
  return values.join(';');
}
