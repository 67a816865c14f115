/** The candidates of a TCP destination: the given addresses or those of its name, the families interleaved. */
import { isIP } from 'node:net';
import { type Address, addressFrom, type HostPort } from '../../core/address.js';
import { withoutStack } from '../../core/errors/base.js';
import { type ConnectError, lookupErrorFrom } from '../../core/errors/connecting.js';
import type { ReactorNames } from '../../core/reactor-names.js';
import { withScopeSpelled } from '../../internal/interface-names.js';
import { resolveDestination } from '../names/resolve-destination.js';
import { interleave } from './interleave.js';
import type { Candidate, Route } from './route.js';
import type { ConnectSettings } from './tcp-settings.js';
import type { TCPSockets } from './tcp-sockets.js';

export class TCPRoute implements Route<HostPort> {
  readonly destination: HostPort;
  readonly #sockets: TCPSockets;
  readonly #names: ReactorNames;
  readonly #settings: ConnectSettings;

  constructor(
    sockets: TCPSockets,
    names: ReactorNames,
    destination: HostPort,
    settings: ConnectSettings,
  ) {
    this.#sockets = sockets;
    this.#names = names;
    this.destination = destination;
    this.#settings = settings;
  }

  get localAddress(): Address {
    const { localAddress, localPort } = this.#settings;
    return addressFrom('TCP', localAddress ?? '0.0.0.0', localPort);
  }

  get attemptDelayMs(): number {
    return this.#settings.attemptDelayMs;
  }

  findCandidates(
    found: (candidates: readonly Candidate[]) => void,
    failed: (reason: ConnectError) => void,
  ): () => void {
    const { host } = this.destination;
    const { family, addresses = isIP(host) === 0 ? undefined : [host] } = this.#settings;
    const toCandidates = (some: readonly string[]): Candidate[] =>
      interleave(some, this.#settings).map((one) => this.#candidateAt(one));
    if (addresses !== undefined) {
      found(toCandidates(addresses));
      return () => {};
    }
    const lookup = resolveDestination(this.#names.nameResolver, host, family);
    lookup.addCallbacks(
      (resolved) => found(toCandidates(resolved)),
      ({ value }) => failed(withoutStack(() => lookupErrorFrom(value, this.destination))),
    );
    return () => lookup.cancel();
  }

  #candidateAt(found: string): Candidate {
    const address = withScopeSpelled(found);
    const { port } = this.destination;
    return {
      destination: { host: address, port },
      dial: (owner, listener) => this.#sockets.dial(address, port, this.#settings, owner, listener),
    };
  }
}
