/** The events of parsers as lines of text, the same for every way of cutting the bytes. */
import {
  HTTPLimitError,
  HTTPMessageError,
  InvalidHTTPMessageError,
} from '../../../src/protocols/http/errors.js';
import type { FieldSection } from '../../../src/protocols/http/field-section.js';
import { RequestHead, type ResponseHead } from '../../../src/protocols/http/heads.js';
import { RequestParser } from '../../../src/protocols/http/request-parser.js';
import { ResponseParser } from '../../../src/protocols/http/response-parser.js';

/** Methods of the requests that the responses of a test answer; one with `+` sent Upgrade. */
export type SentMethods = readonly string[];

/** @param chunks Overwritten after they were parsed, like bytes that are lent. */
export function requestEvents(
  chunks: readonly Buffer[],
  parser: RequestParser = new RequestParser(),
): string[] {
  return eventsOf(parser, chunks, false);
}

/** The connection ends behind the chunks. */
export function responseEvents(
  chunks: readonly Buffer[],
  sent: SentMethods = ['GET'],
  parser: ResponseParser = new ResponseParser(),
): string[] {
  for (const method of sent) parser.requestSent(method.replace('+', ''), method.endsWith('+'));
  return eventsOf(parser, chunks, true);
}

function eventsOf(
  parser: RequestParser | ResponseParser,
  chunks: readonly Buffer[],
  endsInput: boolean,
): string[] {
  const lines: string[] = [];
  let content = '';
  const take = (): void => {
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event === 'data') {
        content += parser.data.toString('latin1');
        continue;
      }
      if (event === 'end') {
        if (content !== '') lines.push(`content ${quoted(content)}`);
        content = '';
        if (parser.trailers !== undefined) lines.push(...fieldLines('trailer', parser.trailers));
        lines.push('end');
      } else {
        lines.push(...headLines(event, parser.head));
      }
    }
  };
  try {
    for (const chunk of chunks) {
      parser.receive(chunk);
      take();
      chunk.fill(0xdb);
    }
    if (endsInput) {
      parser.endOfInput();
      take();
    }
    const rest = parser.takeRest().toString('latin1');
    if (rest !== '') lines.push(`rest ${quoted(rest)}`);
  } catch (error) {
    if (content !== '') lines.push(`content ${quoted(content)}`);
    lines.push(errorLine(error));
  }
  return lines;
}

export function errorLine(error: unknown): string {
  if (error instanceof InvalidHTTPMessageError) return `refused ${error.status} ${error.rule}`;
  if (error instanceof HTTPLimitError) return `refused ${error.status} ${error.option}`;
  if (error instanceof HTTPMessageError) return `refused ${error.status} incomplete`;
  throw error;
}

function headLines(event: string, head: RequestHead | ResponseHead): string[] {
  const start =
    head instanceof RequestHead
      ? `${head.method} ${head.target} ${head.version} ${head.targetForm}`
      : `${head.status} ${quoted((head as ResponseHead).reason)} ${head.version}`;
  const marks = [
    head.keepsAlive ? 'keeps-alive' : 'closes',
    ...(head.hasUpgrade ? ['upgrade'] : []),
    ...(head instanceof RequestHead && head.expectsContinue ? ['continue'] : []),
    ...(head.isChunked ? ['chunked'] : []),
    ...(head.contentLength === undefined ? [] : [`length=${head.contentLength}`]),
    ...(head instanceof RequestHead ? [`authority=${head.authority}`] : []),
  ];
  return [`${event} ${start} ${marks.join(' ')}`, ...fieldLines('field', head)];
}

function fieldLines(kind: string, section: FieldSection): string[] {
  return [...section.rawFields()].map(([name, value]) => `${kind} ${name}: ${quoted(value)}`);
}

/** In ASCII. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\xff]/g,
    (octet) => `\\u00${octet.charCodeAt(0).toString(16)}`,
  );
}
