/** The lines of ident in a stream, read as queries and as answers, as text. */
import { RemoteProtocolError } from '../../../src/core/errors/base.js';
import { LineDecoder } from '../../../src/framing/line-decoder.js';
import {
  isValidQuery,
  parseIdentAnswer,
  parseIdentQuery,
} from '../../../src/protocols/ident/parser.js';
import {
  serializeIdentAnswer,
  serializeIdentQuery,
} from '../../../src/protocols/ident/serializer.js';

const QUERY = { localPort: 6193, remotePort: 23 };

/** Throws if a valid line is not the same after it was written again. */
export function identLines(chunks: readonly Buffer[]): string[] {
  const decoder = new LineDecoder({ maxLength: 100 });
  const lines: string[] = [];
  try {
    for (const chunk of chunks) {
      decoder.receive(chunk);
      for (let line = decoder.next(); line !== undefined; line = decoder.next()) {
        const copy = Buffer.from(line);
        lines.push(
          textOf(() => readQuery(copy)),
          textOf(() => readAnswer(copy)),
        );
      }
      decoder.keepRest();
      chunk.fill(0xdb);
    }
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    lines.push(error.message);
  }
  return lines;
}

function readQuery(line: Buffer): object {
  const query = parseIdentQuery(line);
  if (isValidQuery(query)) same(query, parseIdentQuery(serializeIdentQuery(query).subarray(0, -2)));
  return query;
}

function readAnswer(line: Buffer): object {
  const answer = parseIdentAnswer(line, QUERY);
  // A system's name may have characters that are not written, and ISO 8859-1 may be twice as long in UTF-8.
  if ('problem' in answer || (/^\w+$/.test(answer.system ?? '') && answer.userId.length < 100)) {
    same(answer, parseIdentAnswer(serializeIdentAnswer(QUERY, answer).subarray(0, -2), QUERY));
  }
  return answer;
}

function same(one: object, two: object): void {
  if (JSON.stringify(one) !== JSON.stringify(two)) throw new Error(`${JSON.stringify([one, two])}`);
}

function textOf(read: () => object): string {
  try {
    return JSON.stringify(read());
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    return error.message;
  }
}
