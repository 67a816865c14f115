/** Asks for the owner of a connection. */

import type { Clock } from '../../core/clock.js';
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import type { ReactorTCP } from '../../core/reactor-tcp.js';
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { Transport } from '../../core/transport.js';
import type { Deferred } from '../../defer/deferred.js';
import { TCPClientEndpoint } from '../../endpoints/tcp.js';
import { type AnswerReader, type AskOptions, ask } from '../../exchange/ask.js';
import { AnswerIncompleteError } from '../../exchange/errors.js';
import { LineDecoder } from '../../framing/line-decoder.js';
import { checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { IdentRefusedError } from './errors.js';
import {
  type IdentAnswer,
  type IdentQuery,
  type IdentUser,
  MAX_LINE_BYTES,
  MAX_PORT,
} from './events.js';
import { parseIdentAnswer } from './parser.js';
import { serializeIdentQuery } from './serializer.js';

const OPTIONS: OptionNames<AskOptions> = { clock: true, timeoutMs: true, signal: true };

/** Options of {@link identOf}. */
export interface IdentOfOptions extends Omit<AskOptions, 'clock'> {
  /** The port of the ident server. Default 113. */
  readonly port?: number;
}

const OF_OPTIONS: OptionNames<IdentOfOptions> = { timeoutMs: true, signal: true, port: true };

const IDENT_PORT = 113;

/**
 * Asks an ident server for the owner of a connection that its machine has with this one. The answer is a claim of that machine, and
 * travels in clear: it is useful in logs, and proves nothing.
 *
 * @param endpoint The ident server. It must see the address of this machine that the connection in question has.
 * @param query The ports as the server's machine sees them: `localPort` is that on its side.
 * @returns Fails with an IdentRefusedError if the server names nobody; with a ConnectError, a ConnectionLost, a TimeoutError, an
 * AnswerIncompleteError, a LineTooLongError or an InvalidIdentMessageError.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function ident(
  endpoint: StreamClientEndpoint,
  query: IdentQuery,
  options: AskOptions,
): Deferred<IdentUser> {
  checkOptions('ident', options, OPTIONS);
  const { localPort, remotePort } = query;
  const reader = new AnswerLine({ localPort, remotePort });
  return ask(endpoint, options, serializeIdentQuery(query), reader).addCallback((answer) => {
    if ('problem' in answer) throw new IdentRefusedError(answer.problem);
    return answer;
  });
}

/**
 * Asks the machine at the other end of a TCP connection for the owner of that connection: see {@link ident}. Firewalls often drop
 * such queries, so set a short `timeoutMs`.
 * @throws InvalidArgumentValueError the connection is not over TCP.
 *
 * @example
 * override async connectionMade(): Promise<void> {
 *   const { userId } = await identOf(reactor, this.transport, { timeoutMs: 5_000 });
 * }
 */
export function identOf(
  reactor: Clock & ReactorTCP,
  transport: Transport,
  options: IdentOfOptions = {},
): Deferred<IdentUser> {
  checkOptions('identOf', options, OF_OPTIONS);
  const { port = IDENT_PORT, ...rest } = options;
  checkInteger('port', port, 1, MAX_PORT);
  const [peer, host] = [transport.getPeer(), transport.getHost()];
  if (peer.type !== 'TCP' || host.type !== 'TCP') {
    throw new InvalidArgumentValueError('transport', 'a TCP connection', String(peer));
  }
  // The server looks for a connection with the address that the query comes from.
  const endpoint = new TCPClientEndpoint(reactor, peer.host, port, { localAddress: host.host });
  const query = { localPort: peer.port, remotePort: host.port };
  return ident(endpoint, query, { ...rest, clock: reactor });
}

class AnswerLine implements AnswerReader<IdentAnswer> {
  readonly #query: IdentQuery;
  readonly #lines: LineDecoder = new LineDecoder({ maxLength: MAX_LINE_BYTES });
  #line: Buffer | undefined;

  constructor(query: IdentQuery) {
    this.#query = query;
  }

  receive(chunk: Buffer): boolean {
    this.#lines.receive(chunk);
    this.#line = this.#lines.nextGiven();
    if (this.#line === undefined) this.#lines.keepRest();
    return this.#line !== undefined;
  }

  finish(): IdentAnswer {
    if (this.#line === undefined) throw new AnswerIncompleteError(this.#lines.bufferedBytes);
    return parseIdentAnswer(this.#line, this.#query);
  }
}
