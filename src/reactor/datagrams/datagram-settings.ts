/** Options of datagram sockets, checked and with their defaults filled in: a socket is made from these. */

import type { AdoptDatagramOptions } from '../../core/adopt-options.js';
import type {
  ConnectUNIXDatagramOptions,
  DatagramOptions,
  ListenUDPOptions,
  ListenUNIXDatagramOptions,
} from '../../core/datagram.js';
import { checkBoolean, checkInteger } from '../../internal/check.js';
import { checkLocalAddress } from '../../internal/host.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { checkMode, checkPath } from '../streams/unix-settings.js';

const MAX_INT32 = 2 ** 31 - 1;
const MAX_DATAGRAM_BYTES = 65_535;
const DEFAULT_MAX_PACKET_SIZE = 8192;
const DEFAULT_MAX_BUFFERED_BYTES = 1024 * 1024;

/** @internal */
export const DATAGRAM_OPTIONS: OptionNames<DatagramOptions> = {
  maxPacketSize: true,
  maxBufferedBytes: true,
  receiveBufferBytes: true,
  sendBufferBytes: true,
};
type AdoptedUDPOptions = Omit<AdoptDatagramOptions, 'takeOver'>;
/** @internal */
export const ADOPTED_UDP_OPTIONS: OptionNames<AdoptedUDPOptions> = {
  ...DATAGRAM_OPTIONS,
  packetInfo: true,
  receiveTrafficClass: true,
  receiveOffload: true,
  segmentationOffload: true,
};
const UDP_OPTIONS: OptionNames<ListenUDPOptions> = {
  ...ADOPTED_UDP_OPTIONS,
  interface: true,
  broadcast: true,
  listenMultiple: true,
  reusePort: true,
  ipv6Only: true,
};
const LISTEN_UNIX_OPTIONS: OptionNames<ListenUNIXDatagramOptions> = {
  ...DATAGRAM_OPTIONS,
  mode: true,
};
const CONNECT_UNIX_OPTIONS: OptionNames<ConnectUNIXDatagramOptions> = {
  ...DATAGRAM_OPTIONS,
  bindAddress: true,
  mode: true,
};

/** `undefined` leaves the system's default. */
export interface DatagramSettings {
  readonly maxPacketSize: number;
  readonly maxBufferedBytes: number;
  readonly receiveBufferBytes: number | undefined;
  readonly sendBufferBytes: number | undefined;
}

export interface AdoptedUDPSettings extends DatagramSettings {
  readonly packetInfo: boolean;
  readonly receiveTrafficClass: boolean;
  readonly receiveOffload: boolean;
  readonly segmentationOffload: boolean;
}

export interface UDPSettings extends AdoptedUDPSettings {
  readonly port: number;
  /** Empty: every IPv4 address. */
  readonly interface: string;
  readonly broadcast: boolean;
  readonly listenMultiple: boolean;
  readonly reusePort: boolean;
  readonly ipv6Only: boolean;
}

export interface UNIXDatagramSettings extends DatagramSettings {
  /** Empty: the socket is not bound to a path. */
  readonly path: string;
  /** The peer of a connected socket. */
  readonly peer: string | undefined;
  readonly mode: number;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function udpSettings(port: number, options: ListenUDPOptions): UDPSettings {
  checkOptions('listenUDP', options, UDP_OPTIONS);
  const settings = adoptedUDPSettings(options);
  const flag = (name: FlagName): boolean => checkBoolean(name, options[name] ?? false);
  return {
    ...settings,
    port: checkInteger('port', port, 0, 65_535),
    interface: checkLocalAddress('interface', options.interface ?? ''),
    broadcast: flag('broadcast'),
    listenMultiple: flag('listenMultiple'),
    reusePort: flag('reusePort'),
    ipv6Only: flag('ipv6Only'),
  };
}

/** For options whose names were checked. @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function adoptedUDPSettings(options: AdoptedUDPOptions): AdoptedUDPSettings {
  const flag = (name: AdoptedFlagName, preset = false): boolean =>
    checkBoolean(name, options[name] ?? preset);
  return {
    ...datagramSettings(options),
    packetInfo: flag('packetInfo'),
    receiveTrafficClass: flag('receiveTrafficClass'),
    receiveOffload: flag('receiveOffload'),
    segmentationOffload: flag('segmentationOffload', true),
  };
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function listenUNIXDatagramSettings(
  path: string,
  options: ListenUNIXDatagramOptions,
): UNIXDatagramSettings {
  checkOptions('listenUNIXDatagram', options, LISTEN_UNIX_OPTIONS);
  return {
    ...datagramSettings(options),
    path: checkPath('path', path),
    peer: undefined,
    mode: checkMode(options.mode),
  };
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function connectUNIXDatagramSettings(
  path: string,
  options: ConnectUNIXDatagramOptions,
): UNIXDatagramSettings {
  checkOptions('connectUNIXDatagram', options, CONNECT_UNIX_OPTIONS);
  const { bindAddress } = options;
  return {
    ...datagramSettings(options),
    path: bindAddress === undefined ? '' : checkPath('bindAddress', bindAddress),
    peer: checkPath('path', path),
    mode: checkMode(options.mode),
  };
}

/** For options whose names were checked. @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function datagramSettings(options: DatagramOptions): DatagramSettings {
  const bytes = (name: 'receiveBufferBytes' | 'sendBufferBytes'): number | undefined =>
    options[name] === undefined ? undefined : checkInteger(name, options[name], 1, MAX_INT32);
  return {
    maxPacketSize: checkInteger(
      'maxPacketSize',
      options.maxPacketSize ?? DEFAULT_MAX_PACKET_SIZE,
      1,
      MAX_DATAGRAM_BYTES,
    ),
    maxBufferedBytes: checkInteger(
      'maxBufferedBytes',
      options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES,
      0,
      MAX_INT32,
    ),
    receiveBufferBytes: bytes('receiveBufferBytes'),
    sendBufferBytes: bytes('sendBufferBytes'),
  };
}

type FlagName = 'broadcast' | 'listenMultiple' | 'reusePort' | 'ipv6Only';
type AdoptedFlagName =
  | 'packetInfo'
  | 'receiveTrafficClass'
  | 'receiveOffload'
  | 'segmentationOffload';
