/** Servers of the simple services, over streams. */
import type { Clock } from '../../core/clock.js';
import type { Protocol } from '../../core/protocol.js';
import { checkClock } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { CountingFactory, checkMaxConnections } from '../../policies/counting-factory.js';
import { checkTimeout, IdleTimeouts } from '../../policies/idle-timeouts.js';
import type { SimpleService } from './events.js';
import { Chargen, Discard, Echo, OneAnswer, type SimpleServer } from './protocol.js';
import { answerMaker, type ServiceSettings } from './service-settings.js';

export interface SimpleServerOptions extends ServiceSettings {
  /**
   * A connection without traffic for this time is ended: for chargen, without bytes that the client takes; for time, daytime and
   * quote, counted from its beginning. Null: never. Default 60,000.
   */
  readonly idleTimeoutMs?: number | null;
  /** Connections at a time; further ones are closed. Default 1,000. */
  readonly maxConnections?: number;
}

const OPTIONS: OptionNames<SimpleServerOptions> = {
  quote: true,
  now: true,
  idleTimeoutMs: true,
  maxConnections: true,
};

const DEFAULT_IDLE_TIMEOUT_MS = 60_000;

/**
 * Builds the connections of one of the simple services: echo, discard, chargen, daytime, time or quote.
 *
 * @example reactor.listenTCP(13, new SimpleServerFactory(reactor, 'daytime'));
 */
export class SimpleServerFactory extends CountingFactory implements SimpleServer {
  readonly service: SimpleService;
  /** @internal */
  readonly timeouts: IdleTimeouts;
  /** @internal */
  readonly idleTimeoutMs: number | null;
  /** @internal */
  readonly makeAnswer: () => Buffer | PromiseLike<Buffer>;
  /** @internal */
  protected readonly maxConnections: number;

  /**
   * @param clock Measures `idleTimeoutMs`: usually the reactor.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(clock: Clock, service: SimpleService, options: SimpleServerOptions = {}) {
    super();
    checkClock('clock', clock);
    checkOptions('SimpleServerFactory', options, OPTIONS);
    const { idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS } = options;
    this.makeAnswer = answerMaker(service, options);
    this.service = service;
    this.idleTimeoutMs =
      idleTimeoutMs === null ? null : checkTimeout('idleTimeoutMs', idleTimeoutMs);
    this.maxConnections = checkMaxConnections(options.maxConnections);
    const tickMs = Math.min(1_000, (idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS) / 16);
    this.timeouts = new IdleTimeouts(clock, { tickMs });
  }

  /** @internal */
  protected override makeProtocol(): Protocol {
    if (this.service === 'echo') return new Echo(this);
    if (this.service === 'discard') return new Discard(this);
    return this.service === 'chargen' ? new Chargen(this) : new OneAnswer(this);
  }
}
