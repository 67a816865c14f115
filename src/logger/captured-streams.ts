/** Lines that are written to standard output and standard error as events. */
import { StringDecoder } from 'node:string_decoder';

import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkLevel, type LogLevel } from './level.js';
import { Logger } from './logger.js';
import { originalWrite, setOriginalWrite } from './original-streams.js';
import type { LogPublisher } from './publisher.js';

export interface CaptureStreamsOptions {
  /** The receiver of the events. Default: the global one. */
  readonly publisher?: LogPublisher;
  /** The level of lines of standard output. Default `info`. */
  readonly stdoutLevel?: LogLevel;
  /** The level of lines of standard error. Default `error`. */
  readonly stderrLevel?: LogLevel;
}

const NAMES: OptionNames<CaptureStreamsOptions> = {
  publisher: true,
  stdoutLevel: true,
  stderrLevel: true,
};

/** A longer line becomes several events. */
const MAX_LINE = 65_536;

/** A stream whose `write` is replaced. */
export interface WritableStreamLike {
  write: NodeJS.WriteStream['write'];
}

/**
 * Makes events of the lines that are written to `process.stdout` and `process.stderr`, by `console` too, with the namespaces `stdout`
 * and `stderr`, until it is disposed of. Observers that write to these streams bypass the capture.
 *
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 * @example using capture = captureStreams();
 */
export function captureStreams(options: CaptureStreamsOptions = {}): Disposable {
  checkOptions('captureStreams', options, NAMES);
  const { publisher, stdoutLevel = 'info', stderrLevel = 'error' } = options;
  const to = publisher === undefined ? {} : { publisher };
  checkLevel('stdoutLevel', stdoutLevel);
  checkLevel('stderrLevel', stderrLevel);
  const captures = [
    captureStream(process.stdout, new Logger({ namespace: 'stdout', ...to }), stdoutLevel),
    captureStream(process.stderr, new Logger({ namespace: 'stderr', ...to }), stderrLevel),
  ];
  return {
    [Symbol.dispose](): void {
      for (const restore of captures.splice(0)) restore();
    },
  };
}

/** Returns a function that ends the capture; an incomplete last line becomes an event. Captures of a stream end in reverse order. */
export function captureStream(
  stream: WritableStreamLike,
  logger: Logger,
  level: LogLevel,
): () => void {
  const { write } = stream;
  const before = originalWrite(stream);
  const lines = new CapturedLines((line) => logger.emit(level, '{line}', { line }));
  let logging = false;
  const captured = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
    // Code that an observer calls may print: that is not logged again.
    if (logging)
      return (write as (...args: unknown[]) => boolean).call(stream, chunk, encoding, callback);
    logging = true;
    try {
      lines.receive(chunk, encoding);
    } finally {
      logging = false;
    }
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') process.nextTick(done as () => void);
    return true;
  };
  setOriginalWrite(stream, before ?? (write as never));
  stream.write = captured as never;
  return () => {
    // A later capture that still lasts keeps its replacement.
    if ((stream.write as unknown) === captured) stream.write = write;
    setOriginalWrite(stream, before);
    lines.end();
  };
}

/** Splits written text into lines. */
class CapturedLines {
  readonly #received: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #pending = '';

  constructor(received: (line: string) => void) {
    this.#received = received;
  }

  receive(chunk: unknown, encoding: unknown): void {
    const lines = (this.#pending + this.#textOf(chunk, encoding)).split('\n');
    this.#pending = lines.pop() ?? '';
    for (const line of lines) this.#emit(line.replace(/\r$/, ''));
    while (this.#pending.length >= MAX_LINE) {
      const part = this.#pending.slice(0, MAX_LINE);
      this.#pending = this.#pending.slice(MAX_LINE);
      this.#emit(part);
    }
  }

  end(): void {
    const last = this.#pending + this.#decoder.end();
    this.#pending = '';
    if (last !== '') this.#emit(last);
  }

  #emit(line: string): void {
    this.#received(line);
  }

  #textOf(chunk: unknown, encoding: unknown): string {
    if (chunk instanceof Uint8Array) return this.#decoder.write(Buffer.from(chunk));
    const text = String(chunk);
    if (encoding === 'hex' || encoding === 'base64') return Buffer.from(text, encoding).toString();
    return text;
  }
}
