/**
 * The reactor in pure JavaScript, over Node's own sockets: the same contract as the native one, for platforms that its
 * addon was not built for, and the oracle that the native one is tested against.
 */

import { addressFrom } from '../../core/address.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { checkBoolean } from '../../internal/check.js';
import type { DatagramSettings, UDPSettings } from '../datagrams/datagram-settings.js';
import type { UDPPort, UDPSocket } from '../datagrams/udp-port.js';
import { HostedReactor, type OwnNameResolver } from '../hosted-reactor.js';
import { systemResolver } from '../names/system-resolver.js';
import type { ReactorOptions } from '../reactor-options.js';
import type { Dial, DialListener } from '../streams/stream-connector.js';
import type { ListenSocket, StreamPort } from '../streams/stream-port.js';
import type { StreamOwner, StreamTransport } from '../streams/stream-transport.js';
import {
  type ConnectSettings,
  DEFAULT_BACKLOG,
  type ListenSettings,
} from '../streams/tcp-settings.js';
import type {
  UNIXConnectSettings,
  UNIXListenSettings,
  UNIXSettings,
} from '../streams/unix-settings.js';
import { TurnTimes } from '../time/turn-times.js';
import { adoptConnection, adoptListening, checkTakeOver } from './adopt.js';
import { NodeDial } from './dial.js';
import { listenTCP } from './listen.js';
import { NodeListenSocket } from './listen-socket.js';
import { adoptUDP, bindUDP, checkUDPSupported } from './listen-udp.js';
import { NODE_LOOKUPS_AT_ONCE, nodeLookUp } from './lookup.js';
import { canReusePort, setsBacklog } from './net-handle.js';
import { NodeSockets } from './sockets.js';
import { NodeDatagramSocket } from './udp-socket.js';

export class NodeReactor extends HostedReactor {
  override readonly kind = 'node';
  override readonly poller = 'libuv';

  readonly #sockets: NodeSockets;
  readonly #turnTimes: TurnTimes | undefined;

  constructor(options: ReactorOptions = {}) {
    super(options);
    const measure = checkBoolean('measureTurns', options.measureTurns ?? false);
    this.#turnTimes = measure ? new TurnTimes() : undefined;
    this.#sockets = new NodeSockets(this, this.#turnTimes);
  }

  /** @internal */
  override openListenSocket(settings: ListenSettings, port: StreamPort): ListenSocket {
    return new NodeListenSocket(this.#sockets, listenTCP(settings), settings, port);
  }

  /** @internal */
  override openUNIXListenSocket(settings: UNIXListenSettings, port: StreamPort): ListenSocket {
    return this.#sockets.listenUNIX(settings, port);
  }

  /** @internal */
  override adoptListenSocket(fd: number, takeOver: boolean, port: StreamPort): ListenSocket {
    checkTakeOver(takeOver);
    return new NodeListenSocket(this.#sockets, adoptListening(fd), undefined, port);
  }

  /** @internal */
  override adoptStream(fd: number, takeOver: boolean, owner: StreamOwner): StreamTransport {
    checkTakeOver(takeOver);
    return this.#sockets.runAtRoot(() => adoptConnection(this.#sockets, fd, owner));
  }

  /** @internal */
  override dial(
    address: string,
    port: number,
    settings: ConnectSettings,
    listener: DialListener,
  ): Dial {
    const { localAddress, localPort } = settings;
    const destination = {
      host: address,
      port,
      autoSelectFamily: false,
      ...(localAddress !== undefined && { localAddress }),
      ...(localPort !== 0 && { localPort }),
    };
    const peer = addressFrom('TCP', address, port);
    return this.#sockets.runAtRoot(
      () => new NodeDial(this.#sockets, peer, destination, settings, listener),
    );
  }

  /** @internal */
  override dialUNIX(settings: UNIXConnectSettings, listener: DialListener): Dial {
    return this.#sockets.dialUNIX(settings, listener);
  }

  /** @internal */
  override openUDPSocket(settings: UDPSettings, port: UDPPort): UDPSocket {
    checkUDPSupported(settings);
    return this.#sockets.runAtRoot(() => {
      const options = [
        ['broadcast', Number(settings.broadcast)],
        // The system's defaults: ip(7).
        ['multicastTTL', 1],
        ['multicastLoopback', 1],
      ] as const;
      return new NodeDatagramSocket(this.#sockets, bindUDP(settings), port, settings, options);
    });
  }

  /** @internal */
  override adoptUDPSocket(
    fd: number,
    takeOver: boolean,
    settings: DatagramSettings,
    port: UDPPort,
  ): UDPSocket {
    checkTakeOver(takeOver);
    const limits = { ...settings, ipv6Only: false };
    return this.#sockets.runAtRoot(
      () => new NodeDatagramSocket(this.#sockets, adoptUDP(fd, settings), port, limits, []),
    );
  }

  override transports(): Iterable<StreamTransport> {
    return this.#sockets.open;
  }

  protected override bytes(): { received: number; sent: number; turns: number } {
    const { bytesReceived, bytesSent, turns } = this.#sockets;
    return { received: bytesReceived, sent: bytesSent, turns };
  }

  protected override turnTimes(): { p50Ms: number; p99Ms: number } {
    return this.#turnTimes?.take() ?? { p50Ms: 0, p99Ms: 0 };
  }

  protected override checkSupported(settings: ListenSettings | ConnectSettings): void {
    refuse(refusals(settings));
  }

  protected override checkSupportsUNIX(_feature: string, settings: UNIXSettings): void {
    this.#sockets.checkSupportsUNIX(settings);
  }

  protected override makeNameResolver(): OwnNameResolver {
    return systemResolver(this, nodeLookUp, NODE_LOOKUPS_AT_ONCE);
  }

  protected override release(): void {
    this.#sockets.closing.destroyAll();
  }
}

/** @throws UnsupportedError */
function refuse(options: readonly (readonly [string, boolean])[]): void {
  const asked = options.find(([, wanted]) => wanted);
  if (asked !== undefined) throw new UnsupportedError(asked[0], 'Node has no way to set it');
}

/** Names of options that Node can't carry out, and whether each was asked for. */
function refusals(settings: ListenSettings | ConnectSettings): [string, boolean][] {
  const common: [string, boolean][] = [
    ['keepAlive.intervalMs', settings.keepAliveIntervalSeconds !== undefined],
    ['keepAlive.count', settings.keepAliveCount !== undefined],
    ['lingerSeconds', settings.lingerSeconds !== undefined],
    ['sendBufferBytes', settings.sendBufferBytes !== undefined],
    ['receiveBufferBytes', settings.receiveBufferBytes !== undefined],
    ['userTimeoutMs', settings.userTimeoutMs !== undefined],
  ];
  if ('fastOpen' in settings) return [...common, ['fastOpen', settings.fastOpen]];
  return [
    ...common,
    ['backlog', settings.backlog !== DEFAULT_BACKLOG && !setsBacklog],
    ['reuseAddress', !settings.reuseAddress],
    ['reusePort', settings.reusePort && !canReusePort()],
    ['fastOpenQueue', settings.fastOpenQueue !== undefined],
    ['deferAcceptMs', settings.deferAcceptSeconds !== undefined],
  ];
}
