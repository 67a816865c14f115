/** Calls that take options of `ropewalk/terminal`. */
import {
  ControlSequenceParser,
  encodeKey,
  keyOf,
  LineEditor,
  LineHistory,
  ResizeLimiter,
  ScreenBuffer,
  TerminalClientProtocol,
  TerminalProcess,
  TerminalProtocol,
  TerminalServerProtocol,
} from '../../src/terminal/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { and, type Call } from './option-calls.js';

const clock = new ManualClock();

export const TERMINAL_CALLS: Readonly<Record<string, readonly Call[]>> = {
  ControlSequenceParserOptions: [(o) => new ControlSequenceParser(o)],
  EncodeKeyOptions: [(o) => encodeKey(keyOf('a'), o)],
  LineEditorOptions: [(o) => new LineEditor(o)],
  LineHistoryOptions: [(o) => new LineHistory(o)],
  ResizeLimiterOptions: [(o) => new ResizeLimiter(clock, () => {}, o)],
  ScreenBufferOptions: [(o) => new ScreenBuffer(o)],
  TerminalClientOptions: [(o) => new TerminalClientProtocol(o), (o) => new TerminalProcess(o)],
  TerminalServerOptions: [
    (o) => new TerminalServerProtocol(() => new TerminalProtocol(), and(o, { clock })),
  ],
};
