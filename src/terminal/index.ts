/**
 * The entry point `ropewalk/terminal`: the sequences between programs and terminals (ECMA-48, with those of DEC terminals and xterm),
 * in both directions, a screen in memory, and a line editor. Connections to terminals are transports like others; the option `pty` of
 * `spawnProcess` gives a child a pseudo-terminal.
 */

export { textWidth } from './character-width.js';
export {
  type ControlEvent,
  ControlSequenceParser,
  type ControlSequenceParserOptions,
  type ControlStringKind,
  MAX_PARAMETER,
  MAX_PARAMETERS,
} from './control-sequence-parser.js';
export { drawScreen } from './draw-screen.js';
export { type EncodeKeyOptions, encodeKey } from './encode-key.js';
export { type Key, keyOf } from './key.js';
export { type KeyEvent, KeyParser } from './key-parser.js';
export {
  type Completion,
  LineEditor,
  type LineEditorOptions,
  type LineEvent,
} from './line-editor.js';
export { LineEditorProtocol } from './line-editor-protocol.js';
export { LineHistory, type LineHistoryOptions } from './line-history.js';
export { ScreenBuffer, type ScreenBufferOptions } from './screen-buffer.js';
export type { CursorPosition } from './screen-editing.js';
export type { RowSize, ScreenCell } from './screen-row.js';
export {
  type CharacterSet,
  type GraphicAttribute,
  Mode,
  PrivateMode,
  type Terminal,
} from './terminal.js';
export { type TerminalClientOptions, TerminalClientProtocol } from './terminal-client-protocol.js';
export { TerminalInterpreter } from './terminal-interpreter.js';
export { TerminalProcess } from './terminal-process.js';
export { TerminalProtocol } from './terminal-protocol.js';
export { type TerminalServerOptions, TerminalServerProtocol } from './terminal-server-protocol.js';
export {
  clampTerminalSize,
  DEFAULT_TERMINAL_SIZE,
  MAX_TERMINAL_SIDE,
  ResizeLimiter,
  type ResizeLimiterOptions,
  type ScreenSize,
} from './terminal-size.js';
export { TerminalTransport } from './terminal-transport.js';
export { TerminalWriter } from './terminal-writer.js';
export {
  renditionOf,
  type TerminalColor,
  type TextStyle,
  type UnderlineStyle,
  withRendition,
} from './text-style.js';
