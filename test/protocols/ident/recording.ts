/** The lines of ident in a stream, read as queries and as answers, as text. */
import { RemoteProtocolError } from '../../../src/core/errors/base.js';
import {
  isValidQuery,
  parseIdentAnswer,
  parseIdentQuery,
} from '../../../src/protocols/ident/parser.js';
import {
  serializeIdentAnswer,
  serializeIdentQuery,
} from '../../../src/protocols/ident/serializer.js';
import { expectSame, readLines } from '../read-lines.js';

const QUERY = { localPort: 6193, remotePort: 23 };

/** Throws if a valid line is not the same after it was written again. */
export function identLines(chunks: readonly Buffer[]): string[] {
  return readLines(chunks, 100, (line) => {
    const copy = Buffer.from(line);
    return [textOf(() => readQuery(copy)), textOf(() => readAnswer(copy))];
  });
}

function readQuery(line: Buffer): object {
  const query = parseIdentQuery(line);
  if (isValidQuery(query))
    expectSame(query, parseIdentQuery(serializeIdentQuery(query).subarray(0, -2)));
  return query;
}

function readAnswer(line: Buffer): object {
  const answer = parseIdentAnswer(line, QUERY);
  // A system's name may have characters that are not written, and ISO 8859-1 may be twice as long in UTF-8.
  if ('problem' in answer || (/^\w+$/.test(answer.system ?? '') && answer.userId.length < 100)) {
    expectSame(
      answer,
      parseIdentAnswer(serializeIdentAnswer(QUERY, answer).subarray(0, -2), QUERY),
    );
  }
  return answer;
}

function textOf(read: () => object): string {
  try {
    return JSON.stringify(read());
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    return error.message;
  }
}
