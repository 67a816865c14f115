/** A client's side of a forwarded connection: connects to the target and relays. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import { ConnectError, ConnectTimeoutError } from '../core/errors/connecting.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import type { StreamClientEndpoint } from '../core/stream-endpoint.js';
import type { Transport } from '../core/transport.js';
import type { Deferred } from '../defer/deferred.js';
import { TimeoutError } from '../defer/errors.js';
import { Failure } from '../defer/failure.js';
import { IdleTimeout } from '../policies/idle-timeout.js';
import type { IdleTimeouts } from '../policies/idle-timeouts.js';
import { joinEnds, OutboundEnd, RelayEnd } from '../policies/relay.js';

/** The factory of forwarded connections. */
export interface Forwarding {
  readonly clock: Clock;
  readonly target: StreamClientEndpoint;
  readonly timeouts: IdleTimeouts;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** The bytes that the target receives before those of the client. */
  headerFor(client: Transport): Buffer | undefined;
  forwarded(client: Address, target: Address): void;
  failed(reason: Error, client: Address): void;
  connectionEnded(): void;
}

/** One exists for each connection, so its private fields are TypeScript's: see StreamTransport. */
export class ForwardingProtocol extends RelayEnd {
  private readonly forwarding: Forwarding;
  private state: 'connecting' | 'relaying' | 'closed' = 'connecting';
  private attempt: Deferred<unknown> | undefined = undefined;

  constructor(forwarding: Forwarding) {
    super();
    this.forwarding = forwarding;
  }

  /** Nothing is received until the target is connected, so nothing is kept. */
  override connectionMade(): MaybeAsync {
    const { target, clock, connectTimeoutMs } = this.forwarding;
    this.transport.pauseProducing();
    this.attempt = target
      .connect(() => new OutboundEnd((end) => this.join(end)))
      .addTimeout(connectTimeoutMs, clock, timedOut)
      .addErrback(({ value }) => this.fail(value));
  }

  override connectionLost(reason: Error): void {
    this.state = 'closed';
    this.attempt?.cancel();
    this.forwarding.connectionEnded();
    super.connectionLost(reason);
    this.idle?.set(null);
  }

  private join(end: OutboundEnd): void {
    if (this.state !== 'connecting' || !this.transport.connected) {
      end.transport.abortConnection();
      return;
    }
    const { forwarding, transport } = this;
    const header = forwarding.headerFor(transport);
    if (header !== undefined) end.transport.write(header);
    this.state = 'relaying';
    const idle = new IdleTimeout(forwarding.timeouts, transport, () => transport.abortConnection());
    idle.set(forwarding.idleTimeoutMs);
    joinEnds(this, end, idle);
    forwarding.forwarded(transport.getPeer(), end.transport.getPeer());
    transport.resumeProducing();
  }

  private fail(reason: Error): void {
    if (this.state !== 'connecting') return;
    this.state = 'closed';
    this.forwarding.failed(reason, this.transport.getPeer());
    this.transport.abortConnection();
  }
}

/** Endpoints fail with different errors if they are cancelled. */
function timedOut<T>(result: T | Failure, timeoutMs: number): T | Failure {
  if (!(result instanceof Failure)) return result;
  const { value } = result;
  const { host, port } = value instanceof ConnectError ? value : {};
  if (host === undefined || port === undefined) return new Failure(new TimeoutError(timeoutMs));
  const why = `no connection in ${timeoutMs} ms`;
  return new Failure(new ConnectTimeoutError(why, { host, port }, { cause: value }));
}
