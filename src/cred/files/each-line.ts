/** The lines of files of users and keys. */
import type { FileProblem } from './reloaded-file.js';

/** Longest line, in UTF-16 code units. */
const MAX_LINE_LENGTH = 4_096;

/**
 * Parses each line, without its line end. A line that is too long is a problem, and is left out.
 * @param parse Is given the number of the line, from 1; returns whether to continue.
 */
export function eachLine(
  text: string,
  problem: FileProblem,
  parse: (line: string, number: number) => boolean,
): void {
  let start = 0;
  for (let number = 1; start < text.length; number++) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    const stop = end > start && text[end - 1] === '\r' ? end - 1 : end;
    if (stop - start > MAX_LINE_LENGTH) problem('it is too long', number);
    else if (!parse(text.slice(start, stop), number)) {
      if (end + 1 < text.length)
        problem('the file has too many entries: the rest is ignored', number);
      return;
    }
    start = end + 1;
  }
}
