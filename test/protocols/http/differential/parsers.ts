/** Runs the parsers over the bytes of one connection: ours, Node's by its server and client, and http-parser-js. */
import { createServer, type IncomingMessage, type Server, request as sendRequest } from 'node:http';
import { createRequire } from 'node:module';
import { Duplex } from 'node:stream';
import {
  HTTPMessageError,
  InvalidHTTPMessageError,
} from '../../../../src/protocols/http/errors.js';
import type { FieldSection } from '../../../../src/protocols/http/field-section.js';
import { RequestHead } from '../../../../src/protocols/http/heads.js';
import { RequestParser } from '../../../../src/protocols/http/request-parser.js';
import { ResponseParser } from '../../../../src/protocols/http/response-parser.js';
import type { Outcome, ParsedMessage } from './outcome.js';

export function parseRequests(bytes: Buffer): Outcome {
  return parse(new RequestParser(), bytes);
}

/** The response to GET. */
export function parseResponse(bytes: Buffer): Outcome {
  const parser = new ResponseParser();
  parser.requestSent('GET');
  return parse(parser, bytes);
}

function parse(parser: RequestParser | ResponseParser, bytes: Buffer): Outcome {
  const messages: ParsedMessage[] = [];
  let message: ParsedMessage | undefined;
  let content = '';
  try {
    parser.receive(bytes);
    parser.endOfInput();
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event === 'head') {
        const { head } = parser;
        const start =
          head instanceof RequestHead
            ? `${head.method} ${head.target}`
            : `${head.status} ${head.reason}`;
        message = { start, version: head.version, fields: linesOf(head), content, trailers: [] };
        content = '';
      } else if (event === 'data') content += parser.data.toString('latin1');
      else if (event === 'end' && message !== undefined) {
        messages.push({ ...message, content, trailers: linesOf(parser.trailers) });
        content = '';
      }
    }
  } catch (error) {
    if (!(error instanceof HTTPMessageError)) throw error;
    const refusal = error instanceof InvalidHTTPMessageError ? error.rule : 'incomplete';
    return { messages, refusal };
  }
  return { messages, refusal: undefined, isDone: parser.isDone };
}

function linesOf(section: FieldSection | undefined): string[] {
  return section === undefined ? [] : [...section.rawFields()].flat();
}

/** One end of a connection in memory: the other end sends `bytes` and closes. */
class Wire extends Duplex {
  #bytes: Buffer | undefined;

  constructor(bytes: Buffer) {
    super({ allowHalfOpen: true });
    this.#bytes = bytes;
  }

  override _read(): void {
    if (this.#bytes === undefined) return;
    this.push(this.#bytes);
    this.push(null);
    this.#bytes = undefined;
  }

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
}

/** Node's server, which does not listen. */
export class NodeServer {
  readonly #server: Server;
  readonly #outcomes: WeakMap<object, { messages: ParsedMessage[]; refusal: string | undefined }> =
    new WeakMap();

  constructor(insecureHTTPParser: boolean) {
    this.#server = createServer({
      insecureHTTPParser,
      requireHostHeader: false,
      keepAliveTimeout: 0,
    });
    const take = (request: IncomingMessage, response: { end(): unknown }): void => {
      const outcome = this.#outcomes.get(request.socket);
      collect(request, `${request.method} ${request.url}`, (message) => {
        outcome?.messages.push(message);
        response.end();
      });
    };
    this.#server.on('request', take);
    this.#server.on('checkExpectation', take);
    this.#server.on('connect', (request, socket) => {
      // The bytes behind its head are not HTTP, and Node reads no content of it.
      take(request, { end: () => socket.destroy() });
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const outcome = this.#outcomes.get(socket);
      if (outcome !== undefined) outcome.refusal ??= refusalOf(error);
      afterStreams(() => socket.destroy());
    });
  }

  parse(bytes: Buffer): Promise<Outcome> {
    const wire = new Wire(bytes);
    const outcome = { messages: [], refusal: undefined };
    this.#outcomes.set(wire, outcome);
    return new Promise((resolve) => {
      wire.on('finish', () => wire.destroy());
      wire.on('close', () => resolve(outcome));
      this.#server.emit('connection', wire);
    });
  }
}

/** The response to GET, as Node's client reads it. */
export function parseByNodeClient(bytes: Buffer, insecureHTTPParser: boolean): Promise<Outcome> {
  return new Promise((resolve) => {
    const messages: ParsedMessage[] = [];
    const request = sendRequest({
      createConnection: () => new Wire(bytes) as never,
      insecureHTTPParser,
      host: 'a',
    });
    const end = (refusal?: string): void => {
      afterStreams(() => {
        resolve({ messages, refusal });
        request.destroy();
      });
    };
    request.on('response', (response) => {
      const start = `${response.statusCode} ${response.statusMessage}`;
      response.on('error', (error) => end(refusalOf(error)));
      collect(response, start, (message) => {
        messages.push(message);
        end();
      });
    });
    request.on('error', (error) => end(refusalOf(error)));
    request.end();
  });
}

/** Node's streams deliver what was parsed before an error in later turns. */
function afterStreams(act: () => void): void {
  setImmediate(() => setImmediate(act));
}

function collect(
  incoming: IncomingMessage,
  start: string,
  done: (message: ParsedMessage) => void,
): void {
  let content = '';
  incoming.on('data', (data: Buffer) => {
    content += data.toString('latin1');
  });
  incoming.on('end', () => {
    const { httpVersion: version, rawHeaders: fields, rawTrailers: trailers } = incoming;
    done({ start, version, fields, content, trailers });
  });
}

function refusalOf(error: NodeJS.ErrnoException): string {
  const { code = 'unknown' } = error;
  const isIncomplete = code === 'HPE_INVALID_EOF_STATE' || code === 'ECONNRESET';
  return isIncomplete ? 'incomplete' : code;
}

interface PureParser {
  new (
    type: string,
  ): {
    execute(chunk: Buffer): number | Error;
    finish(): unknown;
    [callback: number]: unknown;
  };
  readonly methods: readonly string[];
  readonly kOnHeadersComplete: number;
  readonly kOnHeaders: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

interface PureHead {
  readonly versionMajor: number;
  readonly versionMinor: number;
  readonly headers: readonly string[];
  readonly method: number;
  readonly url: string;
  readonly statusCode: number;
  readonly statusMessage: string;
}

const { HTTPParser } = createRequire(import.meta.url)('http-parser-js') as {
  HTTPParser: PureParser;
};

/** It drops the high bit of octets in heads and trailers: see {@link inASCII}. */
export function parseByPureParser(bytes: Buffer, type: 'REQUEST' | 'RESPONSE'): Outcome {
  const messages: ParsedMessage[] = [];
  const parser = new HTTPParser(type);
  let head: PureHead | undefined;
  let content = '';
  let trailers: readonly string[] = [];
  // It leaves the decision about 304 to the caller.
  parser[HTTPParser.kOnHeadersComplete | 0] = (found: PureHead): boolean => {
    head = found;
    content = '';
    trailers = [];
    return type === 'RESPONSE' && found.statusCode === 304;
  };
  parser[HTTPParser.kOnHeaders | 0] = (found: readonly string[]): void => {
    trailers = found;
  };
  parser[HTTPParser.kOnBody | 0] = (chunk: Buffer, offset: number, length: number): void => {
    content += chunk.toString('latin1', offset, offset + length);
  };
  parser[HTTPParser.kOnMessageComplete | 0] = (): void => {
    if (head === undefined || (type === 'RESPONSE' && head.statusCode < 200)) return;
    const start =
      type === 'REQUEST'
        ? `${HTTPParser.methods[head.method]} ${head.url}`
        : `${head.statusCode} ${head.statusMessage}`;
    const version = `${head.versionMajor}.${head.versionMinor}`;
    messages.push({ start, version, fields: head.headers, content, trailers });
    head = undefined;
  };
  const parsed = parser.execute(Buffer.from(bytes));
  let refusal = parsed instanceof Error ? 'error' : undefined;
  if (refusal === undefined && parser.finish() instanceof Error) refusal = 'incomplete';
  if (refusal === undefined && head !== undefined) refusal = 'incomplete';
  return { messages, refusal };
}

/** The outcome without the high bits that http-parser-js drops. */
export function inASCII(outcome: Outcome): Outcome {
  const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('ascii');
  const messages = outcome.messages.map((message) => ({
    ...message,
    start: ascii(message.start),
    fields: message.fields.map(ascii),
    trailers: message.trailers.map(ascii),
  }));
  return { ...outcome, messages };
}
