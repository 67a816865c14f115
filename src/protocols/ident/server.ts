/** Servers of ident. */
import type { Address } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import type { RemoteProtocolError } from '../../core/errors/base.js';
import { Deferred } from '../../defer/deferred.js';
import { isThenable } from '../../defer/thenable.js';
import {
  ANSWERING_OPTIONS,
  AnsweringFactory,
  type AnsweringOptions,
} from '../../exchange/answering-factory.js';
import type { Answer } from '../../exchange/answering-protocol.js';
import { LineDecoder } from '../../framing/line-decoder.js';
import { checkFunction } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { type IdentAnswer, type IdentQuery, MAX_LINE_BYTES } from './events.js';
import { isValidQuery, parseIdentQuery } from './parser.js';
import { serializeIdentAnswer } from './serializer.js';

/** A question for the owner of a connection between this machine and that of the client. */
export interface IdentRequest extends IdentQuery {
  /** The address of this machine that the client has connected to. Empty if the server listens on a UNIX socket. */
  readonly localHost: string;
  /** The address of the client. Empty if it has none. */
  readonly remoteHost: string;
}

type Found = IdentAnswer | string | undefined;

/** The owner: a user name of this machine, or more in detail; undefined answers NO-USER. */
export type IdentLookup = (request: IdentRequest) => Found | PromiseLike<Found>;

/** All of them are limits. */
export interface IdentServerOptions extends AnsweringOptions {}

const OPTIONS: OptionNames<IdentServerOptions> = ANSWERING_OPTIONS;

/**
 * Builds the connections of an ident server (RFC 1413). Queries with invalid ports are answered with INVALID-PORT, a failed look-up,
 * which is reported, with UNKNOWN-ERROR. Other lines end the connection.
 *
 * @example
 * reactor.listenTCP(113, new IdentServerFactory(reactor, procIdentLookup));
 */
export class IdentServerFactory extends AnsweringFactory<IdentQuery> {
  /** @internal */
  readonly answersOnce = false;
  /** @internal */
  readonly where = 'the look-up of an ident server';
  readonly #lookup: IdentLookup;

  /**
   * @param clock Measures the timeouts: usually the reactor.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(clock: Clock, lookup: IdentLookup, options: IdentServerOptions = {}) {
    checkOptions('IdentServerFactory', options, OPTIONS);
    super(clock, options);
    checkFunction('lookup', lookup);
    this.#lookup = lookup;
  }

  /** @internal */
  makeDecoder(): LineDecoder {
    return new LineDecoder({ maxLength: MAX_LINE_BYTES });
  }

  /** @internal */
  readQuestion(line: Buffer): IdentQuery {
    return parseIdentQuery(line);
  }

  /** @internal */
  answer(query: IdentQuery, peer: Address, host: Address): Answer {
    if (!isValidQuery(query)) return serializeIdentAnswer(query, { problem: 'INVALID-PORT' });
    const request = { ...query, localHost: hostOf(host), remoteHost: hostOf(peer) };
    const found = this.#lookup(request);
    if (!isThenable(found)) return answerOf(query, found);
    return Deferred.fromPromise(found as PromiseLike<Found>).addCallback((result) =>
      answerOf(query, result),
    );
  }

  /** @internal */
  failureAnswer(query: IdentQuery): Buffer {
    return serializeIdentAnswer(query, { problem: 'UNKNOWN-ERROR' });
  }

  /** @internal */
  refusalAnswer(_error: RemoteProtocolError): undefined {
    return undefined;
  }
}

function answerOf(query: IdentQuery, found: Found): Buffer {
  if (found === undefined) return serializeIdentAnswer(query, { problem: 'NO-USER' });
  return serializeIdentAnswer(query, typeof found === 'string' ? { userId: found } : found);
}

function hostOf(address: Address): string {
  return address.type === 'TCP' ? address.host : '';
}
