/** Socket settings in the addon's form: an Int32Array in the order of native/binding_streams.cc, -1 for those not set. */
import type { DatagramSettings, UDPSettings } from '../datagrams/datagram-settings.js';
import type { ConnectSettings, ListenSettings, SocketSettings } from '../streams/tcp-settings.js';
import type { UNIXConnectSettings, UNIXListenSettings } from '../streams/unix-settings.js';

const UNSET = -1;

function socketInts(settings: SocketSettings): number[] {
  return [
    Number(settings.noDelay),
    settings.keepAlive ? 1 : UNSET,
    settings.keepAliveIdleSeconds ?? UNSET,
    settings.keepAliveIntervalSeconds ?? UNSET,
    settings.keepAliveCount ?? UNSET,
    settings.lingerSeconds ?? UNSET,
    settings.sendBufferBytes ?? UNSET,
    settings.receiveBufferBytes ?? UNSET,
    settings.userTimeoutMs ?? UNSET,
  ];
}

export function listenInts(settings: ListenSettings): Int32Array {
  return Int32Array.from([
    ...socketInts(settings),
    settings.backlog,
    Number(settings.reuseAddress),
    Number(settings.reusePort),
    Number(settings.ipv6Only),
    settings.fastOpenQueue ?? UNSET,
    settings.deferAcceptSeconds ?? UNSET,
  ]);
}

export function connectInts(settings: ConnectSettings): Int32Array {
  return Int32Array.from([...socketInts(settings), Number(settings.fastOpen)]);
}

export function unixListenInts(settings: UNIXListenSettings): Int32Array {
  return Int32Array.from([settings.backlog, settings.mode, settings.sendBufferBytes ?? UNSET]);
}

export function unixConnectInts(settings: UNIXConnectSettings): Int32Array {
  return Int32Array.from([settings.sendBufferBytes ?? UNSET]);
}

/** A UNIX socket has no settings that only UDP has. */
export function datagramInts(settings: DatagramSettings & Partial<UDPSettings>): Int32Array {
  return Int32Array.from([
    settings.maxPacketSize,
    settings.maxBufferedBytes,
    settings.receiveBufferBytes ?? UNSET,
    settings.sendBufferBytes ?? UNSET,
    Number(settings.listenMultiple ?? false),
    Number(settings.reusePort ?? false),
    Number(settings.ipv6Only ?? false),
    Number(settings.broadcast ?? false),
    Number(settings.packetInfo ?? false),
    Number(settings.receiveTrafficClass ?? false),
    Number(settings.receiveOffload ?? false),
    Number(settings.segmentationOffload ?? true),
  ]);
}
