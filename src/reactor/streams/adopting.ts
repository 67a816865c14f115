/**
 * How all reactors adopt sockets that were opened elsewhere. What throws has not taken the descriptor over: it is still
 * the caller's.
 */
import type { IPAddress } from '../../core/address.js';
import type {
  AdoptConnectionOptions,
  AdoptDatagramOptions,
  AdoptPortOptions,
} from '../../core/adopt-options.js';
import type { DatagramProtocolLike } from '../../core/datagram.js';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { DescriptorError } from '../../core/errors/listening.js';
import { type FactoryLike, toFactory } from '../../core/factory.js';
import { checkBoolean } from '../../internal/check.js';
import { givenCopyOf } from '../../internal/lent-bytes.js';
import { checkHasDescriptors } from '../../internal/platform.js';
import { toDatagramReceiver } from '../datagrams/datagram-receiver.js';
import { datagramSettings } from '../datagrams/datagram-settings.js';
import { UDPPort } from '../datagrams/udp-port.js';
import type { HostedReactor } from '../hosted-reactor.js';
import { adoptSettings } from './adopt-settings.js';
import { AdoptedOwner } from './adopted-owner.js';
import { StreamPort } from './stream-port.js';
import type { StreamTransport } from './stream-transport.js';
import { removingFile } from './unix-listening.js';

export function adoptStreamPort(
  reactor: HostedReactor,
  fd: number,
  factory: FactoryLike,
  options: AdoptPortOptions,
): StreamPort {
  const takeOver = adoptSettings(fd, options);
  const ownsFile = checkBoolean('ownsFile', options.ownsFile ?? false);
  checkHasDescriptors('adoptStreamPort');
  const adopt = once(fd, (port: StreamPort) => reactor.adoptListenSocket(fd, takeOver, port));
  const open = ownsFile ? (port: StreamPort) => removingFile(adopt(port)) : adopt;
  return new StreamPort(reactor, toFactory(factory), open);
}

export function adoptStreamConnection(
  reactor: HostedReactor,
  fd: number,
  factory: FactoryLike,
  options: AdoptConnectionOptions,
): StreamTransport | null {
  const takeOver = adoptSettings(fd, options);
  const { unread } = options;
  if (unread !== undefined && !(unread instanceof Uint8Array)) {
    throw new InvalidArgumentTypeError('unread', 'a Uint8Array', unread);
  }
  checkHasDescriptors('adoptStreamConnection');
  const owner = new AdoptedOwner(reactor, toFactory(factory));
  return owner.start(
    (streamOwner) => reactor.adoptStream(fd, takeOver, streamOwner),
    unread === undefined ? undefined : givenCopyOf(unread),
  );
}

export function adoptDatagramPort(
  reactor: HostedReactor,
  fd: number,
  protocol: DatagramProtocolLike<IPAddress>,
  options: AdoptDatagramOptions,
): UDPPort {
  const takeOver = adoptSettings(fd, options);
  const settings = datagramSettings(options);
  checkHasDescriptors('adoptDatagramPort');
  const open = once(fd, (port: UDPPort) => reactor.adoptUDPSocket(fd, takeOver, settings, port));
  return new UDPPort(reactor, toDatagramReceiver(protocol), settings, open);
}

/** What was closed can't be opened again, and its number may be anybody's by now. */
function once<Port, Socket>(fd: number, adopt: (port: Port) => Socket): (port: Port) => Socket {
  let adopted = false;
  return (port) => {
    if (adopted) throw new DescriptorError('there any more', fd);
    const socket = adopt(port);
    adopted = true;
    return socket;
  };
}
