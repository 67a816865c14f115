/** Destinations of text. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { originalWrite } from './original-streams.js';

/** A destination of lines: a `LogFile`, `process.stdout`, or any object with such a method. */
export interface LogSink {
  write(text: string): unknown;
}

/**
 * The function that writes to a sink. For `process.stdout` and `process.stderr` it bypasses a capture, which would log what is
 * logged.
 * @throws InvalidArgumentTypeError
 */
export function writerOf(sink: LogSink): (text: string) => void {
  if (typeof (sink as Partial<LogSink> | null | undefined)?.write !== 'function') {
    const expected = 'an object with a method write, such as a LogFile or process.stdout';
    throw new InvalidArgumentTypeError('sink', expected, sink);
  }
  if (sink !== process.stdout && sink !== process.stderr) {
    return (text) => {
      sink.write(text);
    };
  }
  return (text) => {
    (originalWrite(sink) ?? sink.write).call(sink, text);
  };
}
