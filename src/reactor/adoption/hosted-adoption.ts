/** {@link ReactorAdoption} over the sockets of any implementation that can adopt them. */
import type { Address, IPAddress } from '../../core/address.js';
import type {
  AdoptConnectionOptions,
  AdoptDatagramOptions,
  AdoptPortOptions,
} from '../../core/adopt-options.js';
import type { DatagramProtocolLike, UDPTransport } from '../../core/datagram.js';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { DescriptorError } from '../../core/errors/listening.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { type FactoryLike, toFactory } from '../../core/factory.js';
import type { ListeningPort } from '../../core/listening-port.js';
import type { ReactorAdoption } from '../../core/reactor-adoption.js';
import type { SocketTransport } from '../../core/transport.js';
import { checkBoolean } from '../../internal/check.js';
import { givenCopyOf } from '../../internal/lent-bytes.js';
import type { OptionNames } from '../../internal/options.js';
import { checkHasDescriptors } from '../../internal/platform.js';
import { toDatagramReceiver } from '../datagrams/datagram-receiver.js';
import { ADOPTED_UDP_OPTIONS, adoptedUDPSettings } from '../datagrams/datagram-settings.js';
import { UDPPort } from '../datagrams/udp-port.js';
import { StreamPort } from '../streams/stream-port.js';
import type { StreamReactor } from '../streams/stream-reactor.js';
import { removingFile } from '../streams/unix-listening.js';
import { adoptSettings } from './adopt-settings.js';
import { AdoptedOwner } from './adopted-owner.js';
import type { AdoptedSockets } from './adopted-sockets.js';

const PORT_OPTIONS: OptionNames<AdoptPortOptions> = { takeOver: true, ownsFile: true };
const CONNECTION_OPTIONS: OptionNames<AdoptConnectionOptions> = { takeOver: true, unread: true };
const DATAGRAM_PORT_OPTIONS: OptionNames<AdoptDatagramOptions> = {
  ...ADOPTED_UDP_OPTIONS,
  takeOver: true,
};

export class HostedAdoption implements ReactorAdoption {
  readonly #reactor: StreamReactor;
  readonly #sockets: AdoptedSockets | undefined;

  constructor(reactor: StreamReactor, sockets: AdoptedSockets | undefined) {
    this.#reactor = reactor;
    this.#sockets = sockets;
  }

  adoptStreamPort(
    fd: number,
    factory: FactoryLike,
    options: AdoptPortOptions = {},
  ): ListeningPort<Address> {
    const takeOver = adoptSettings('adoptStreamPort', fd, options, PORT_OPTIONS);
    const ownsFile = checkBoolean('ownsFile', options.ownsFile ?? false);
    const sockets = this.#supported('adoptStreamPort');
    const adopt = once(fd, (each: StreamPort) => sockets.listening(fd, takeOver, each));
    const open = ownsFile ? (each: StreamPort) => removingFile(adopt(each)) : adopt;
    const port = new StreamPort(this.#reactor, toFactory(factory), open);
    port.startListening();
    return port;
  }

  adoptStreamConnection(
    fd: number,
    factory: FactoryLike,
    options: AdoptConnectionOptions = {},
  ): SocketTransport | null {
    this.#reactor.checkOpen();
    const takeOver = adoptSettings('adoptStreamConnection', fd, options, CONNECTION_OPTIONS);
    const { unread } = options;
    if (unread !== undefined && !(unread instanceof Uint8Array)) {
      throw new InvalidArgumentTypeError('unread', 'a Uint8Array', unread);
    }
    const sockets = this.#supported('adoptStreamConnection');
    const owner = new AdoptedOwner(this.#reactor, toFactory(factory));
    return owner.start(
      (streamOwner) => sockets.connection(fd, takeOver, streamOwner),
      unread === undefined ? undefined : givenCopyOf(unread),
    );
  }

  adoptDatagramPort(
    fd: number,
    protocol: DatagramProtocolLike<IPAddress>,
    options: AdoptDatagramOptions = {},
  ): UDPTransport {
    const takeOver = adoptSettings('adoptDatagramPort', fd, options, DATAGRAM_PORT_OPTIONS);
    const settings = adoptedUDPSettings(options);
    const sockets = this.#supported('adoptDatagramPort');
    const open = once(fd, (each: UDPPort) => sockets.udp(fd, takeOver, settings, each));
    const port = new UDPPort(this.#reactor, toDatagramReceiver(protocol), settings, open);
    port.startListening();
    return port;
  }

  #supported(method: string): AdoptedSockets {
    checkHasDescriptors(method);
    if (this.#sockets !== undefined) return this.#sockets;
    throw new UnsupportedError(method, 'this reactor has no descriptors');
  }
}

/** A socket that was closed cannot be opened again: its number may by then belong to another. */
function once<Port, Socket>(fd: number, adopt: (port: Port) => Socket): (port: Port) => Socket {
  let adopted = false;
  return (port) => {
    if (adopted)
      throw new DescriptorError('open any more: its port was stopped; adopt another one', fd);
    const socket = adopt(port);
    adopted = true;
    return socket;
  };
}
