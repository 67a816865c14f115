/** An endpoint whose attempts the test completes, over memory transports. */
import { IPv4Address } from '../../src/core/address.js';
import {
  ConnectingCancelledError,
  ConnectionRefusedError,
} from '../../src/core/errors/connecting.js';
import { type FactoryLike, toFactory } from '../../src/core/factory.js';
import type { StreamClientEndpoint } from '../../src/core/stream-endpoint.js';
import type { StreamProtocol } from '../../src/core/stream-protocol.js';
import { Deferred } from '../../src/defer/deferred.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';

const SERVER = { host: 'server.example', port: 7 };

interface Attempt {
  readonly factory: FactoryLike;
  readonly connected: Deferred<never>;
}

export class FakeEndpoint implements StreamClientEndpoint {
  /** The attempts begun so far. */
  attempts = 0;
  /** The attempts in progress: a service has one at most. */
  readonly pending: Attempt[] = [];
  /** All connections, also those that have ended. */
  readonly transports: MemoryTransport[] = [];
  /** Completes attempts at once. */
  immediately: 'succeed' | 'fail' | undefined = undefined;

  connect<F extends FactoryLike>(factory: F): Deferred<never> {
    this.attempts += 1;
    const connected = new Deferred<never>(() => {
      this.pending.splice(this.pending.indexOf(attempt), 1);
      connected.errback(new ConnectingCancelledError('cancelled', SERVER));
    });
    const attempt = { factory, connected };
    this.pending.push(attempt);
    if (this.immediately !== undefined) this[this.immediately]();
    return connected;
  }

  get open(): MemoryTransport[] {
    return this.transports.filter(({ connected }) => connected);
  }

  /** The latest connection. */
  get transport(): MemoryTransport {
    return this.transports.at(-1) as MemoryTransport;
  }

  succeed(): void {
    const { factory, connected } = this.#take();
    const protocol = this.build(factory);
    connected.callback(protocol as never);
  }

  fail(): void {
    this.#take().connected.errback(new ConnectionRefusedError('refused', SERVER));
  }

  /** Builds and connects a protocol, without completing an attempt. */
  build(factory: FactoryLike): StreamProtocol {
    const peer = new IPv4Address('TCP', '192.0.2.9', 7);
    const protocol = toFactory(factory).buildProtocol(peer) as StreamProtocol;
    const transport = new MemoryTransport({ peer });
    this.transports.push(transport);
    transport.connect(protocol);
    return protocol;
  }

  /** The server closes the connection. */
  close(): void {
    this.transport.peerCloses();
    this.settle();
  }

  settle(): void {
    for (const transport of this.transports) transport.settle();
  }

  #take(): Attempt {
    const attempt = this.pending.shift();
    if (attempt === undefined) throw new Error('there is no attempt');
    return attempt;
  }
}
