/** Looks up keys in a table server, one connection for each. */
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { Deferred } from '../../defer/deferred.js';
import { type AnswerReader, type AskOptions, ask } from '../../exchange/ask.js';
import { AnswerIncompleteError } from '../../exchange/errors.js';
import type { FrameDecoder } from '../../framing/frame-decoder.js';
import { checkChoice } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { DIALECTS, type Dialect, type TableProtocol } from './dialects.js';
import { TableLookupError } from './errors.js';
import { MAX_SOCKETMAP_REPLY_BYTES, type TableReply } from './events.js';

export interface TableLookupOptions extends AskOptions {
  /** Default `tcp`. */
  readonly protocol?: TableProtocol;
  /** The name of the map: required for `socketmap`, unused for `tcp`. */
  readonly map?: string;
}

const OPTIONS: OptionNames<TableLookupOptions> = {
  clock: true,
  timeoutMs: true,
  signal: true,
  protocol: true,
  map: true,
};

/**
 * Looks up a key as Postfix does, for tests of table servers and small programs.
 *
 * @returns The value, or undefined if there is none. Fails with a TableLookupError if the server says so; with an
 * InvalidTableMessageError, an AnswerIncompleteError, a ConnectError, a ConnectionLost or a TimeoutError.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function lookUpInTable(
  endpoint: StreamClientEndpoint,
  key: string,
  options: TableLookupOptions,
): Deferred<string | undefined> {
  checkOptions('lookUpInTable', options, OPTIONS);
  const { protocol = 'tcp', map = '' } = options;
  const dialect = DIALECTS[checkChoice('protocol', protocol, ['tcp', 'socketmap'])];
  const request = dialect.serializeRequest({ map, key });
  return ask(endpoint, options, request, new ReplyReader(dialect)).addCallback((reply) => {
    if (reply.type === 'found') return reply.value;
    if (reply.type === 'missing') return undefined;
    throw new TableLookupError(reply.reason, reply.type);
  });
}

class ReplyReader implements AnswerReader<TableReply> {
  readonly #dialect: Dialect;
  readonly #decoder: FrameDecoder;
  #reply: TableReply | undefined;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
    this.#decoder = dialect.makeDecoder(MAX_SOCKETMAP_REPLY_BYTES);
  }

  receive(chunk: Buffer): boolean {
    this.#decoder.receive(chunk);
    const frame = this.#decoder.next();
    if (frame !== undefined) this.#reply = this.#dialect.parseReply(frame);
    else this.#decoder.keepRest?.();
    return frame !== undefined;
  }

  finish(): TableReply {
    if (this.#reply === undefined) throw new AnswerIncompleteError(this.#decoder.bufferedBytes);
    return this.#reply;
  }
}
