/** The ways to a TCP destination: the addresses that a name stands for, in the resolver's order. */
import { isIP } from 'node:net';

import { type Address, addressFrom, type HostPort } from '../core/address.js';
import type { HostAddress, HostedReactor } from './hosted-reactor.js';
import type { Route, Way } from './stream-connector.js';
import { type ConnectSettings, sameFamily } from './tcp-settings.js';

export class TCPRoute implements Route<HostPort> {
  readonly destination: HostPort;
  readonly #reactor: HostedReactor;
  readonly #settings: ConnectSettings;

  constructor(reactor: HostedReactor, destination: HostPort, settings: ConnectSettings) {
    this.#reactor = reactor;
    this.destination = destination;
    this.#settings = settings;
  }

  get localAddress(): Address {
    const { localAddress, localPort } = this.#settings;
    return addressFrom('TCP', localAddress ?? '0.0.0.0', localPort);
  }

  findWays(found: (ways: readonly Way[]) => void, failed: (cause: Error) => void): () => void {
    const { host } = this.destination;
    if (isIP(host) !== 0) {
      found([this.#wayTo(host)]);
      return () => {};
    }
    // A look-up can't be called off: its answer is ignored if the attempt ended meanwhile.
    this.#reactor.lookup(host, (error, addresses) => {
      if (error) failed(Object.assign(error, { syscall: 'getaddrinfo' }));
      else this.#choose(addresses, found, failed);
    });
    return () => {};
  }

  #choose(
    addresses: readonly HostAddress[],
    found: (ways: readonly Way[]) => void,
    failed: (cause: Error) => void,
  ): void {
    const { localAddress } = this.#settings;
    const usable = addresses.filter(
      ({ address }) => localAddress === undefined || sameFamily(address, localAddress),
    );
    if (usable.length > 0) {
      found(usable.map(({ address }) => this.#wayTo(address)));
      return;
    }
    const cause = new Error(
      `${this.destination.host} has no address of the family of localAddress`,
    );
    failed(Object.assign(cause, { syscall: 'getaddrinfo' }));
  }

  #wayTo(address: string): Way {
    return (listener) =>
      this.#reactor.dial(address, this.destination.port, this.#settings, listener);
  }
}
