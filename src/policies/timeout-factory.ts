/** Closes connections that are idle, that never send anything, or that last too long. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import type { FactoryLike } from '../core/factory.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { Transport } from '../core/transport.js';
import { checkChoice, checkFunction } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { Deadline } from './deadline.js';
import { IdleTimeout } from './idle-timeout.js';
import { checkTimeout, DEFAULT_TICK_MS, IdleTimeouts } from './idle-timeouts.js';
import { ProtocolWrapper } from './protocol-wrapper.js';
import { WrappingFactory } from './wrapping-factory.js';

export interface TimeoutFactoryOptions {
  /** Measures the time: usually the reactor. */
  readonly clock: Clock;
  /** Time that a connection may be idle. Default: no limit. */
  readonly idleMs?: number;
  /**
   * The activity that ends idleness: receiving and writing (`both`), or receiving only, so that writing to a peer that is gone
   * does not keep the connection open. Default `both`.
   */
  readonly activity?: 'both' | 'received';
  /** Time after connecting within which the peer must send its first data. Default: no limit. */
  readonly firstDataMs?: number;
  /** Maximum duration of a connection, regardless of activity. Default: no limit. */
  readonly lifetimeMs?: number;
  /** Time that a timed-out connection may take to close before it is aborted. Default 5,000. */
  readonly graceMs?: number;
  /** The resolution of the time. Default: a 16th of the shortest limit above, at most 1,000. */
  readonly tickMs?: number;
  /**
   * Called instead of closing when a limit has passed, for a last message: `transport` is the one that `protocol` writes to.
   * It must close the connection itself; that may take `graceMs` too. An error that it throws is reported and aborts the
   * connection.
   */
  readonly timeoutConnection?: (transport: Transport, protocol: StreamProtocol) => void;
}

/** {@link TimeoutFactoryOptions}, checked. */
interface Limits {
  readonly timeouts: IdleTimeouts;
  readonly idleMs: number | undefined;
  readonly writingCounts: boolean;
  readonly firstDataMs: number | undefined;
  readonly lifetimeMs: number | undefined;
  readonly timeoutConnection: TimeoutFactoryOptions['timeoutConnection'];
}

const OPTIONS: OptionNames<TimeoutFactoryOptions> = {
  clock: true,
  idleMs: true,
  activity: true,
  firstDataMs: true,
  lifetimeMs: true,
  graceMs: true,
  tickMs: true,
  timeoutConnection: true,
};

/**
 * Wraps a factory so that its connections time out; {@link IdleTimeouts} describes the precision. All connections of the
 * factory share one delayed call.
 *
 * @example
 * reactor.listenTCP(25, new TimeoutFactory(Mail, { clock: reactor, idleMs: 60_000, firstDataMs: 10_000 }));
 */
export class TimeoutFactory extends WrappingFactory {
  readonly #limits: Limits;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(wrapped: FactoryLike, options: TimeoutFactoryOptions) {
    super(wrapped);
    checkOptions('TimeoutFactory', options, OPTIONS);
    this.#limits = checkLimits(options);
  }

  protected override wrap(protocol: StreamProtocol, _address: Address): ProtocolWrapper {
    return new TimeoutProtocol(protocol, this, this.#limits);
  }
}

/** Each connection has its own, so it uses TypeScript's `private`, which costs no memory. */
class TimeoutProtocol extends ProtocolWrapper {
  private readonly limits: Limits;
  private idle: IdleTimeout | undefined = undefined;
  private firstData: Deadline | undefined = undefined;
  private lifetime: Deadline | undefined = undefined;

  constructor(protocol: StreamProtocol, factory: TimeoutFactory, limits: Limits) {
    super(protocol, factory);
    this.limits = limits;
  }

  override makeConnection(transport: Transport): void {
    const { timeouts, idleMs, firstDataMs, lifetimeMs } = this.limits;
    const { timeoutConnection } = this.limits;
    const expired =
      timeoutConnection === undefined
        ? undefined
        : () => timeoutConnection(this, this.wrappedProtocol);
    if (idleMs !== undefined) {
      this.idle = new IdleTimeout(timeouts, transport, expired);
      this.idle.set(idleMs);
    }
    if (firstDataMs !== undefined) {
      this.firstData = new Deadline(timeouts, transport, expired);
      this.firstData.set(firstDataMs);
    }
    if (lifetimeMs !== undefined) {
      this.lifetime = new Deadline(timeouts, transport, expired);
      this.lifetime.set(lifetimeMs);
    }
    super.makeConnection(transport);
  }

  override dataReceived(data: Buffer): void {
    this.idle?.reset();
    if (this.firstData !== undefined) {
      this.firstData.set(null);
      this.firstData = undefined;
    }
    super.dataReceived(data);
  }

  override connectionLost(reason: Error): void {
    this.idle?.set(null);
    this.firstData?.set(null);
    this.lifetime?.set(null);
    super.connectionLost(reason);
  }

  override write(data: Uint8Array | string): void {
    if (this.limits.writingCounts) this.idle?.reset();
    super.write(data);
  }

  override writeSequence(parts: Iterable<Uint8Array | string>): void {
    if (this.limits.writingCounts) this.idle?.reset();
    super.writeSequence(parts);
  }
}

function checkLimits(options: TimeoutFactoryOptions): Limits {
  const { clock, activity = 'both', timeoutConnection, graceMs, tickMs } = options;
  checkChoice('activity', activity, ['both', 'received']);
  if (timeoutConnection !== undefined) checkFunction('timeoutConnection', timeoutConnection);
  const limit = (name: 'idleMs' | 'firstDataMs' | 'lifetimeMs'): number | undefined =>
    options[name] === undefined ? undefined : checkTimeout(name, options[name]);
  const idleMs = limit('idleMs');
  const firstDataMs = limit('firstDataMs');
  const lifetimeMs = limit('lifetimeMs');
  const timeouts = new IdleTimeouts(clock, {
    tickMs: tickMs ?? defaultTickMs([idleMs, firstDataMs, lifetimeMs]),
    ...(graceMs === undefined ? {} : { graceMs }),
  });
  const writingCounts = activity === 'both';
  return { timeouts, idleMs, writingCounts, firstDataMs, lifetimeMs, timeoutConnection };
}

/** Divides the shortest limit without remainder, so that it fires within one tick. */
function defaultTickMs(limits: readonly (number | undefined)[]): number {
  const shortest = Math.min(...limits.map((ms) => ms ?? Number.POSITIVE_INFINITY));
  if (shortest === Number.POSITIVE_INFINITY) return DEFAULT_TICK_MS;
  return Math.max(1, shortest / Math.max(16, Math.ceil(shortest / DEFAULT_TICK_MS)));
}
