/** The datagram ports that a reactor is asked for, from the arguments as given; they don't listen yet. */
import type { IPAddress, UNIXAddress } from '../../core/address.js';
import type {
  ConnectUNIXDatagramOptions,
  DatagramProtocolLike,
  ListenUDPOptions,
  ListenUNIXDatagramOptions,
} from '../../core/datagram.js';
import type { HostedReactor } from '../hosted-reactor.js';
import { toDatagramReceiver } from './datagram-receiver.js';
import {
  connectUNIXDatagramSettings,
  listenUNIXDatagramSettings,
  type UNIXDatagramSettings,
  udpSettings,
} from './datagram-settings.js';
import { UDPPort } from './udp-port.js';
import { UNIXDatagramPort } from './unix-datagram-port.js';

export function listeningUDP(
  reactor: HostedReactor,
  port: number,
  protocol: DatagramProtocolLike<IPAddress>,
  options: ListenUDPOptions,
): UDPPort {
  const settings = udpSettings(port, options);
  return new UDPPort(reactor, toDatagramReceiver(protocol), settings, (udpPort) =>
    reactor.openUDPSocket(settings, udpPort),
  );
}

export function listeningUNIXDatagrams(
  reactor: HostedReactor,
  path: string,
  protocol: DatagramProtocolLike<UNIXAddress>,
  options: ListenUNIXDatagramOptions,
): UNIXDatagramPort {
  return unixDatagrams(reactor, listenUNIXDatagramSettings(path, options), protocol);
}

export function connectedUNIXDatagrams(
  reactor: HostedReactor,
  path: string,
  protocol: DatagramProtocolLike<UNIXAddress>,
  options: ConnectUNIXDatagramOptions,
): UNIXDatagramPort {
  return unixDatagrams(reactor, connectUNIXDatagramSettings(path, options), protocol);
}

function unixDatagrams(
  reactor: HostedReactor,
  settings: UNIXDatagramSettings,
  protocol: DatagramProtocolLike<UNIXAddress>,
): UNIXDatagramPort {
  return new UNIXDatagramPort(reactor, toDatagramReceiver(protocol), settings, (port) =>
    reactor.openUNIXDatagramSocket(settings, port),
  );
}
