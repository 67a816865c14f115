/** Calls the operations of a {@link Terminal} for the bytes that a program sends to it. */
import {
  type ControlEvent,
  ControlSequenceParser,
  type ControlSequenceParserOptions,
} from './control-sequence-parser.js';
import type { CharacterSet, GraphicAttribute, Terminal } from './terminal.js';

/** Call {@link receive} with each chunk. Operations may be called until it returns. */
export class TerminalInterpreter {
  readonly #terminal: Terminal;
  readonly #parser: ControlSequenceParser;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(terminal: Terminal, options: ControlSequenceParserOptions = {}) {
    this.#terminal = terminal;
    this.#parser = new ControlSequenceParser(options);
  }

  /** @param chunk Not kept. */
  receive(chunk: Uint8Array): void {
    this.#parser.receive(chunk);
    for (let event = this.#parser.next(); event !== undefined; event = this.#parser.next()) {
      this.#apply(event);
    }
  }

  #apply(event: ControlEvent): void {
    const parser = this.#parser;
    const terminal = this.#terminal;
    if (event === 'text') terminal.print(parser.text);
    else if (event === 'control') CONTROLS[parser.code]?.(terminal);
    else if (event === 'string') this.#string();
    else {
      const known = event === 'escape' ? this.#escape() : this.#controlSequence();
      if (!known) terminal.unhandledControlSequence(parser.sequence);
    }
  }

  /** Titles: OSC 0 and 2, and the string ESC k. */
  #string(): void {
    const { stringKind, text } = this.#parser;
    const isTitle = stringKind === 'osc' && (text.startsWith('0;') || text.startsWith('2;'));
    if (isTitle) this.#terminal.setTitle(text.slice(2));
    else if (stringKind === 'title') this.#terminal.setTitle(text);
    else this.#terminal.unhandledControlSequence(`\x1b${STRING_BEGINS[stringKind]}${text}\x1b\\`);
  }

  /** @returns Whether the sequence is known. */
  #escape(): boolean {
    const { intermediates, final } = this.#parser;
    const which = intermediates.length === 1 ? '()*+'.indexOf(intermediates) : -1;
    const set = which < 0 ? undefined : CHARACTER_SETS[final];
    if (set !== undefined) {
      this.#terminal.selectCharacterSet(set, which as 0 | 1 | 2 | 3);
      return true;
    }
    const execute = ESCAPES[intermediates + final];
    execute?.(this.#terminal);
    return execute !== undefined;
  }

  /** @returns Whether the sequence is known. */
  #controlSequence(): boolean {
    const { prefix, intermediates, final } = this.#parser;
    const execute = CONTROL_SEQUENCES[prefix + intermediates + final];
    return execute !== undefined && execute(this.#terminal, this.#parser) !== false;
  }
}

const CHARACTER_SETS: Readonly<Record<string, CharacterSet>> = {
  A: 'uk',
  B: 'us',
  '0': 'drawing',
  '1': 'alternate',
  '2': 'alternateDrawing',
};

const STRING_BEGINS = { osc: ']', dcs: 'P', apc: '_', pm: '^', sos: 'X', title: 'k' } as const;

const CONTROLS: Readonly<Record<number, (terminal: Terminal) => void>> = {
  7: (terminal) => terminal.bell(),
  8: (terminal) => terminal.cursorBackward(1),
  9: (terminal) => terminal.horizontalTab(1),
  10: (terminal) => terminal.lineFeed(),
  11: (terminal) => terminal.lineFeed(),
  12: (terminal) => terminal.lineFeed(),
  13: (terminal) => terminal.carriageReturn(),
  14: (terminal) => terminal.shiftOut(),
  15: (terminal) => terminal.shiftIn(),
};

/** By intermediates and final character. */
const ESCAPES: Readonly<Record<string, (terminal: Terminal) => void>> = {
  D: (terminal) => terminal.index(),
  E: (terminal) => terminal.nextLine(),
  H: (terminal) => terminal.horizontalTabulationSet(),
  M: (terminal) => terminal.reverseIndex(),
  N: (terminal) => terminal.singleShift2(),
  O: (terminal) => terminal.singleShift3(),
  Z: (terminal) => terminal.reportAttributes(),
  c: (terminal) => terminal.reset(),
  '7': (terminal) => terminal.saveCursor(),
  '8': (terminal) => terminal.restoreCursor(),
  '=': (terminal) => terminal.applicationKeypadMode(),
  '>': (terminal) => terminal.numericKeypadMode(),
  '#3': (terminal) => terminal.doubleHeightLine(true),
  '#4': (terminal) => terminal.doubleHeightLine(false),
  '#5': (terminal) => terminal.singleWidthLine(),
  '#6': (terminal) => terminal.doubleWidthLine(),
  '#8': (terminal) => terminal.alignmentTest(),
  '\\': () => {}, // the end of a string that was dropped
};

type Sequence = (terminal: Terminal, parser: ControlSequenceParser) => unknown;

/** By prefix, intermediates and final character. One that returns false has no function with these parameters. */
const CONTROL_SEQUENCES: Readonly<Record<string, Sequence>> = {
  '@': (terminal, parser) => terminal.insertCharacters(countOf(parser, 0)),
  A: (terminal, parser) => terminal.cursorUp(countOf(parser, 0)),
  B: (terminal, parser) => terminal.cursorDown(countOf(parser, 0)),
  C: (terminal, parser) => terminal.cursorForward(countOf(parser, 0)),
  D: (terminal, parser) => terminal.cursorBackward(countOf(parser, 0)),
  E: (terminal, parser) => terminal.cursorNextLine(countOf(parser, 0)),
  F: (terminal, parser) => terminal.cursorPreviousLine(countOf(parser, 0)),
  G: (terminal, parser) => terminal.cursorToColumn(countOf(parser, 0) - 1),
  H: setPosition,
  I: (terminal, parser) => terminal.horizontalTab(countOf(parser, 0)),
  J: selected({
    0: (terminal) => terminal.eraseToDisplayEnd(),
    1: (terminal) => terminal.eraseToDisplayBeginning(),
    2: (terminal) => terminal.eraseDisplay(),
    3: (terminal) => terminal.eraseScrollback(),
  }),
  K: selected({
    0: (terminal) => terminal.eraseToLineEnd(),
    1: (terminal) => terminal.eraseToLineBeginning(),
    2: (terminal) => terminal.eraseLine(),
  }),
  L: (terminal, parser) => terminal.insertLines(countOf(parser, 0)),
  M: (terminal, parser) => terminal.deleteLines(countOf(parser, 0)),
  P: (terminal, parser) => terminal.deleteCharacters(countOf(parser, 0)),
  S: (terminal, parser) => terminal.scrollUp(countOf(parser, 0)),
  // With more parameters it is about highlighting by the mouse.
  T: (terminal, parser) => parser.parameters.length <= 1 && terminal.scrollDown(countOf(parser, 0)),
  X: (terminal, parser) => terminal.eraseCharacters(countOf(parser, 0)),
  Z: (terminal, parser) => terminal.backTab(countOf(parser, 0)),
  '`': (terminal, parser) => terminal.cursorToColumn(countOf(parser, 0) - 1),
  a: (terminal, parser) => terminal.cursorForward(countOf(parser, 0)),
  b: (terminal, parser) => terminal.repeatCharacter(countOf(parser, 0)),
  c: selected({ 0: (terminal) => terminal.reportAttributes() }),
  d: (terminal, parser) => terminal.cursorToRow(countOf(parser, 0) - 1),
  e: (terminal, parser) => terminal.cursorDown(countOf(parser, 0)),
  f: setPosition,
  g: selected({
    0: (terminal) => terminal.tabulationClear(),
    3: (terminal) => terminal.tabulationClearAll(),
  }),
  h: (terminal, parser) => terminal.setModes(modesOf(parser)),
  l: (terminal, parser) => terminal.resetModes(modesOf(parser)),
  m: (terminal, parser) => terminal.selectGraphicRendition(attributesOf(parser)),
  n: selected({
    5: (terminal) => terminal.reportStatus(),
    6: (terminal) => terminal.reportCursorPosition(),
  }),
  r: (terminal, parser) => terminal.setScrollRegion(rowOf(parser, 0), rowOf(parser, 1)),
  s: (terminal, parser) => parser.parameters.length === 0 && terminal.saveCursor(),
  t: selected({ 18: (terminal) => terminal.reportSize() }),
  u: (terminal, parser) => parser.parameters.length === 0 && terminal.restoreCursor(),
  ' q': (terminal, parser) => terminal.setCursorStyle(optionOf(parser)),
  '!p': (terminal) => terminal.softReset(),
  '>c': (terminal) => terminal.reportSecondaryAttributes(),
  '?h': (terminal, parser) => terminal.setPrivateModes(modesOf(parser)),
  '?l': (terminal, parser) => terminal.resetPrivateModes(modesOf(parser)),
};

/** A sequence whose first parameter selects a function. */
function selected(functions: Readonly<Record<number, (terminal: Terminal) => void>>): Sequence {
  return (terminal, parser) => {
    const execute = functions[optionOf(parser)];
    execute?.(terminal);
    return execute !== undefined;
  };
}

function setPosition(terminal: Terminal, parser: ControlSequenceParser): void {
  if (parser.parameters.length === 0) terminal.cursorHome();
  else terminal.cursorPosition(countOf(parser, 1) - 1, countOf(parser, 0) - 1);
}

/** A parameter that is a count, or a position from 1. */
function countOf(parser: ControlSequenceParser, index: number): number {
  return Math.max(parser.parameters[index] ?? 1, 1);
}

/** The first parameter, if it selects a function. */
function optionOf(parser: ControlSequenceParser): number {
  return Math.max(parser.parameters[0] ?? 0, 0);
}

function rowOf(parser: ControlSequenceParser, index: number): number | undefined {
  const value = parser.parameters[index] ?? 0;
  return value > 0 ? value - 1 : undefined;
}

function modesOf(parser: ControlSequenceParser): number[] {
  return parser.parameters.filter((mode) => mode >= 0);
}

function attributesOf({ parameters, continued }: ControlSequenceParser): GraphicAttribute[] {
  const attributes: GraphicAttribute[] = [];
  for (let at = 0; at < parameters.length; ) {
    let end = at + 1;
    while (continued[end]) end += 1;
    if (end === at + 1) attributes.push(Math.max(parameters[at] as number, 0));
    else attributes.push(parameters.slice(at, end));
    at = end;
  }
  return attributes;
}
