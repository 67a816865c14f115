/** An observer that sends events to syslog. */
import { isIP } from 'node:net';
import { hostname as systemHostname } from 'node:os';

import type { Clock } from '../core/clock.js';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { ReactorTCP } from '../core/reactor-tcp.js';
import type { ReactorUDP } from '../core/reactor-udp.js';
import type { ReactorUNIXDatagram } from '../core/reactor-unix-datagram.js';
import { checkChoice, checkClock, checkInteger, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { LogEvent } from './event.js';
import { LogService, type LogWire, WireTrouble } from './log-wire.js';
import { DEFAULT_REDACTION, type Redaction } from './redaction.js';
import {
  FACILITIES,
  limitedBytes,
  rfc3164,
  rfc5424,
  type SyslogFacility,
  type SyslogIdentity,
} from './syslog-format.js';
import { TCPWire } from './tcp-wire.js';
import { UDPWire } from './udp-wire.js';
import { UNIXWire } from './unix-wire.js';

export interface SyslogOptions {
  /**
   * The path of a UNIX datagram socket (native reactor only), `udp:192.0.2.1:514` or `tcp:logs.example.com:601`. IPv6 addresses are in
   * brackets; UDP needs an IP address. Default `/dev/log`.
   */
  readonly destination?: string;
  /** The form of messages. Default: that of RFC 3164 on a UNIX socket, as programs in C send it, else that of RFC 5424. */
  readonly format?: 'rfc3164' | 'rfc5424';
  /** Default `user`. */
  readonly facility?: SyslogFacility;
  /** The name of the program. Default `ropewalk`. */
  readonly appName?: string;
  /** The name of this host. Default: that of the system. Not sent to a UNIX socket in the form of RFC 3164. */
  readonly hostname?: string;
  /** Sends the fields too, as structured data of RFC 5424 with this private enterprise number. Default: they are not sent. */
  readonly enterpriseNumber?: number;
  /** Longer messages are cut. Default 8,192, as rsyslog receives. */
  readonly maxMessageBytes?: number;
  /** TCP: the most messages that wait for a connection; any further are dropped. Default 1,000. */
  readonly maxQueued?: number;
  /** Default: that of {@link SECRET_FIELDS}. */
  readonly redaction?: Redaction;
}

const NAMES: OptionNames<SyslogOptions> = {
  destination: true,
  format: true,
  facility: true,
  appName: true,
  hostname: true,
  enterpriseNumber: true,
  maxMessageBytes: true,
  maxQueued: true,
  redaction: true,
};

/** The part of a reactor that syslog needs. */
export type SyslogReactor = ReactorTCP & ReactorUDP & ReactorUNIXDatagram & Clock;

/**
 * Sends events to a daemon of syslog: `publisher.addObserver(syslog.observe)`. If the daemon is not there, that is reported once,
 * and messages are sent again as soon as it is; messages for which there is no room are dropped and counted.
 */
export class Syslog extends LogService {
  /**
   * @throws ConnectError nothing receives at the path.
   * @throws UnsupportedError a path needs the native reactor.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(reactor: SyslogReactor, options: SyslogOptions = {}) {
    checkClock('reactor', reactor);
    checkOptions('Syslog', options, NAMES);
    const { destination = '/dev/log', facility = 'user', appName = 'ropewalk' } = options;
    const { hostname = systemHostname(), enterpriseNumber, maxQueued = 1000 } = options;
    const { maxMessageBytes = 8192, redaction = DEFAULT_REDACTION } = options;
    checkString('destination', destination);
    const isPath = destination.startsWith('/');
    const { format = isPath ? 'rfc3164' : 'rfc5424' } = options;
    checkChoice('format', format, ['rfc3164', 'rfc5424']);
    checkInteger('maxMessageBytes', maxMessageBytes, 480, 65_000);
    checkInteger('maxQueued', maxQueued, 0, 1_000_000);
    if (enterpriseNumber !== undefined) {
      checkInteger('enterpriseNumber', enterpriseNumber, 0, 2 ** 32);
    }
    checkString('hostname', hostname);
    const identity: SyslogIdentity = {
      facility: checkChoice('facility', facility, Object.keys(FACILITIES) as SyslogFacility[]),
      appName: checkString('appName', appName),
      hostname: isPath && format === 'rfc3164' ? undefined : hostname,
      processId: process.pid,
      enterpriseNumber,
    };
    const trouble = new WireTrouble(destination);
    const wire = wireTo(reactor, destination, maxQueued, trouble);
    const text = format === 'rfc3164' ? rfc3164 : rfc5424;
    super(wire, trouble, function sendToSyslog(event: LogEvent): void {
      if (!wire.send(limitedBytes(text(event, identity, redaction), maxMessageBytes)))
        trouble.drop();
    });
  }
}

function wireTo(
  reactor: SyslogReactor,
  destination: string,
  maxQueued: number,
  trouble: WireTrouble,
): LogWire {
  if (destination.startsWith('/')) return new UNIXWire(reactor, destination, trouble);
  const match = /^(udp|tcp):(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(destination);
  const [, kind, bracketed, plain, digits] = match ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || !(port >= 1 && port <= 65_535)) throw notADestination(destination);
  if (kind === 'tcp') return new TCPWire(reactor, host, port, maxQueued, trouble);
  if (isIP(host) === 0) throw notADestination(destination, 'UDP needs an IP address');
  return new UDPWire(reactor, host, port, trouble);
}

function notADestination(destination: string, hint?: string): Error {
  const expected = 'a path, udp:ADDRESS:PORT or tcp:HOST:PORT';
  return new InvalidArgumentValueError('destination', expected, destination, hint);
}
