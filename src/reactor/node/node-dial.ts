/** One connect(2) of the pure-JS reactor. */
import { addressFrom } from '../../core/address.js';
import type { Dial, DialListener } from '../stream-connector.js';
import type { ConnectSettings } from '../tcp-settings.js';
import type { NodeReactor } from './node-reactor.js';
import { type OwnedSocket, unconnectedSocket } from './node-socket.js';
import { NodeTransport } from './node-transport.js';

export class NodeDial implements Dial {
  readonly #reactor: NodeReactor;
  readonly #settings: ConnectSettings;
  readonly #listener: DialListener;
  readonly #socket: OwnedSocket;
  readonly #destination: { readonly host: string; readonly port: number };

  constructor(
    reactor: NodeReactor,
    host: string,
    port: number,
    settings: ConnectSettings,
    listener: DialListener,
  ) {
    this.#reactor = reactor;
    this.#settings = settings;
    this.#listener = listener;
    this.#destination = { host, port };
    // `net.connect` would publish the socket to `net.client.socket`, where the transport is to appear.
    this.#socket = unconnectedSocket(reactor, settings);
    this.#socket.on('connect', this.#onConnect);
    this.#socket.on('error', this.#onError);
    const { localAddress, localPort } = settings;
    this.#socket.connect({
      host,
      port,
      autoSelectFamily: false,
      ...(localAddress !== undefined && { localAddress }),
      ...(localPort !== 0 && { localPort }),
    });
  }

  cancel(): void {
    this.#letGo();
    // Whatever is still to come of it.
    this.#socket.on('error', () => {});
    this.#socket.destroy();
  }

  readonly #onConnect = (): void => {
    this.#letGo();
    const reactor = this.#reactor;
    reactor.beginTurn();
    const { host, port } = this.#destination;
    const peer = addressFrom('TCP', host, port);
    const transport = new NodeTransport(
      reactor,
      this.#listener,
      this.#socket,
      peer,
      this.#settings,
    );
    this.#listener.dialSucceeded(transport, peer);
  };

  readonly #onError = (cause: Error): void => {
    this.#listener.dialFailed(cause);
  };

  #letGo(): void {
    this.#socket.off('connect', this.#onConnect);
    this.#socket.off('error', this.#onError);
  }
}
