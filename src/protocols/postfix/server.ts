/** Table servers for Postfix. */
import type { Address } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import type { RemoteProtocolError } from '../../core/errors/base.js';
import { Deferred } from '../../defer/deferred.js';
import { isThenable } from '../../defer/thenable.js';
import {
  ANSWERING_OPTIONS,
  AnsweringFactory,
  type AnsweringOptions,
} from '../../exchange/answering-factory.js';
import type { Answer } from '../../exchange/answering-protocol.js';
import type { FrameDecoder } from '../../framing/frame-decoder.js';
import { checkChoice, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { DIALECTS, type Dialect, type TableProtocol } from './dialects.js';
import { TableLookupError } from './errors.js';
import { DEFAULT_MAX_REQUEST_BYTES, type TableReply, type TableRequest } from './events.js';

type Value = string | undefined;

/**
 * The value of a key; undefined if there is none. `map` is the name of the map in socketmap_table, otherwise empty. A
 * TableLookupError that it throws is sent to Postfix, which logs its message; other errors are reported here, and Postfix tries
 * again later.
 */
export type TableLookup = (key: string, map: string) => Value | PromiseLike<Value>;

export interface TableServerOptions extends AnsweringOptions {
  /** Default `tcp`. */
  readonly protocol?: TableProtocol;
  /** The longest request in bytes, framing excluded: 1 to 100,000. Default 4,096. */
  readonly maxRequestBytes?: number;
}

const OPTIONS: OptionNames<TableServerOptions> = {
  ...ANSWERING_OPTIONS,
  protocol: true,
  maxRequestBytes: true,
};

/** Postfix keeps connections open, so this is long. */
const DEFAULT_QUESTION_TIMEOUT_MS = 600_000;
const FAILURE: TableReply = { type: 'temporary', reason: 'the look-up failed' };

/**
 * Builds the connections of a table server: tcp_table(5) or socketmap_table(5) of Postfix. A connection has any number of look-ups;
 * `questionTimeoutMs` is 600,000 by default. Malformed requests are answered with a temporary failure and end the connection.
 *
 * @example
 * const aliases = new Map([['postmaster', 'alice@example.com']]);
 * reactor.listenTCP(4242, new TableServerFactory(reactor, aliases), { interface: '127.0.0.1' });
 */
export class TableServerFactory extends AnsweringFactory<TableRequest> {
  /** @internal */
  readonly answersOnce = false;
  /** @internal */
  readonly where = 'the look-up of a table server';
  readonly #dialect: Dialect;
  readonly #lookup: TableLookup;
  readonly #maxRequestBytes: number;

  /**
   * @param clock Measures the timeouts: usually the reactor.
   * @param table Values by key, read for each look-up and the same for each map name; or a function.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(
    clock: Clock,
    table: TableLookup | ReadonlyMap<string, string>,
    options: TableServerOptions = {},
  ) {
    checkOptions('TableServerFactory', options, OPTIONS);
    const { questionTimeoutMs = DEFAULT_QUESTION_TIMEOUT_MS } = options;
    super(clock, { ...options, questionTimeoutMs });
    const { protocol = 'tcp', maxRequestBytes = DEFAULT_MAX_REQUEST_BYTES } = options;
    this.#dialect = DIALECTS[checkChoice('protocol', protocol, ['tcp', 'socketmap'])];
    this.#maxRequestBytes = checkInteger('maxRequestBytes', maxRequestBytes, 1, 100_000);
    this.#lookup = lookupIn(table);
  }

  /** @internal */
  makeDecoder(): FrameDecoder {
    return this.#dialect.makeDecoder(this.#maxRequestBytes);
  }

  /** @internal */
  readQuestion(frame: Buffer): TableRequest {
    return this.#dialect.parseRequest(frame);
  }

  /** @internal */
  answer({ map, key }: TableRequest, _peer: Address): Answer {
    let value: Value | PromiseLike<Value>;
    try {
      value = this.#lookup(key, map);
    } catch (error) {
      return this.#failed(error);
    }
    if (!isThenable(value)) return this.#found(value);
    return Deferred.fromPromise(value as PromiseLike<Value>).addCallbacks(
      (found) => this.#found(found),
      ({ value: error }) => this.#failed(error),
    );
  }

  /** @internal */
  failureAnswer(): Buffer {
    return this.#dialect.serializeReply(FAILURE);
  }

  /** @internal */
  refusalAnswer(error: RemoteProtocolError): Buffer {
    return this.#dialect.serializeReply({ type: 'temporary', reason: error.message });
  }

  #found(value: unknown): Buffer {
    if (value === undefined) return this.#dialect.serializeReply({ type: 'missing' });
    if (typeof value === 'string') return this.#dialect.serializeReply({ type: 'found', value });
    throw new InvalidArgumentTypeError('the result of the look-up', 'a string or undefined', value);
  }

  #failed(error: unknown): Buffer {
    if (!(error instanceof TableLookupError)) throw error;
    return this.#dialect.serializeReply({ type: error.kind, reason: error.message });
  }
}

function lookupIn(table: TableLookup | ReadonlyMap<string, string>): TableLookup {
  if (typeof table === 'function') return table;
  if (typeof (table as Partial<Map<string, string>> | null)?.get === 'function') {
    return (key) => table.get(key);
  }
  throw new InvalidArgumentTypeError('table', 'a function or a Map', table);
}
