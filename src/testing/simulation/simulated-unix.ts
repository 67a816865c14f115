/** The UNIX stream sockets of a simulated reactor: paths are names of its host, and no file is made. */
import { UNIXAddress } from '../../core/address.js';
import { AcceptError, CannotListenError } from '../../core/errors/listening.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { Dial, DialListener } from '../../reactor/streams/dial.js';
import type { ListenSocket } from '../../reactor/streams/listen-socket.js';
import type { StreamOwner } from '../../reactor/streams/stream-owner.js';
import type { StreamPort } from '../../reactor/streams/stream-port.js';
import type {
  UNIXConnectSettings,
  UNIXListenSettings,
} from '../../reactor/streams/unix-settings.js';
import type { UNIXSockets } from '../../reactor/streams/unix-sockets.js';
import type { Host } from './host.js';
import type { Network } from './network.js';
import type { SimulatedSockets } from './simulated-sockets.js';
import { SimulatedUNIXTransport } from './simulated-unix-transport.js';
import type { SocketPath } from './socket-paths.js';

/** UNIX sockets have no such options. */
const SETTINGS = { noDelay: false, keepAlive: false, lingerSeconds: undefined };

export class SimulatedUNIX implements UNIXSockets {
  readonly ownLocks = true;
  readonly #network: Network;
  readonly #host: Host;
  readonly #sockets: SimulatedSockets;

  constructor(network: Network, host: Host, sockets: SimulatedSockets) {
    this.#network = network;
    this.#host = host;
    this.#sockets = sockets;
  }

  checkSupported(): void {}

  listen({ path, wantPID }: UNIXListenSettings, port: StreamPort): ListenSocket {
    const sockets = this.#sockets;
    const address = new UNIXAddress(path);
    const { paths } = this.#host;
    const acceptor: Parameters<typeof paths.bind<'stream'>>[2] = {
      accepted: (endpoint, peer) => {
        sockets.beginTurn();
        if (!port.listening) {
          endpoint.reset('its port was closed');
          return;
        }
        const transport = new SimulatedUNIXTransport(
          sockets,
          port,
          endpoint,
          peer,
          address,
          SETTINGS,
        );
        port.accepted(transport, peer);
        transport.attach();
      },
      acceptFailed: (cause) => sockets.report(new AcceptError(cause), 'accept'),
    };
    let bound: SocketPath;
    try {
      bound = paths.bind(path, 'stream', acceptor, wantPID);
    } catch (cause) {
      throw new CannotListenError(address, { cause });
    }
    return {
      address,
      fileno: () => {
        throw new UnsupportedError('fileno', 'simulated sockets have no descriptors');
      },
      close: (keepFile = false) => paths.release(bound, keepFile),
    };
  }

  dial(settings: UNIXConnectSettings, owner: StreamOwner, listener: DialListener): Dial {
    const sockets = this.#sockets;
    const peer = new UNIXAddress(settings.path);
    return this.#network.dialUNIX(this.#host, settings, {
      beginTurn: () => sockets.beginTurn(),
      connected: (endpoint, host) => {
        const transport = new SimulatedUNIXTransport(
          sockets,
          owner,
          endpoint,
          peer,
          host,
          SETTINGS,
        );
        listener.dialSucceeded(transport, peer);
        transport.attach();
      },
      failed: (cause) => listener.dialFailed(cause),
    });
  }
}
