/**
 * The reactor in pure JavaScript, over Node's own sockets: the same contract as the native one, for platforms that its
 * addon was not built for, and the oracle that the native one is tested against.
 *
 * A turn begins with the first event of a socket in a pass of Node's loop and ends behind the pass's polling, by
 * `setImmediate`; what was written until then is sent there.
 */
import { AsyncResource } from 'node:async_hooks';

import { addressFrom, UNIXAddress } from '../../core/address.js';
import { UnsupportedError } from '../../core/errors.js';
import { checkBoolean } from '../../internal/check.js';
import type { DatagramSettings, UDPSettings } from '../datagram-settings.js';
import { HostedReactor, type OwnNameResolver, type ReactorOptions } from '../hosted-reactor.js';
import type { Dial, DialListener } from '../stream-connector.js';
import type { ListenSocket, StreamPort } from '../stream-port.js';
import type { StreamOwner, StreamTransport } from '../stream-transport.js';
import { systemResolver } from '../system-resolver.js';
import type { ConnectSettings, ListenSettings } from '../tcp-settings.js';
import { TurnTimes } from '../turn-times.js';
import type { UDPPort, UDPSocket } from '../udp-port.js';
import type { UNIXConnectSettings, UNIXListenSettings, UNIXSettings } from '../unix-settings.js';
import { canReusePort, keepsAbstractNames } from './net-handle.js';
import { adoptConnection, adoptListening, checkTakeOver } from './node-adopt.js';
import { NodeDatagramSocket } from './node-datagram-socket.js';
import { NodeDial } from './node-dial.js';
import { listenTCP, listenUNIX } from './node-listen.js';
import { NodeListenSocket } from './node-listen-socket.js';
import { adoptUDP, bindUDP, checkUDPSupported } from './node-listen-udp.js';
import { NODE_LOOKUPS_AT_ONCE, nodeLookUp } from './node-lookup.js';
import { LANDING_BYTES } from './node-socket.js';
import type { NodeTransport } from './node-transport.js';
import { type Flushed, Outgoing } from './outgoing.js';

export class NodeReactor extends HostedReactor {
  override readonly kind = 'node';
  override readonly poller = 'libuv';

  /** @internal */
  readonly outgoing: Outgoing = new Outgoing();
  /** @internal Transports whose protocol has not been told of their end. */
  readonly open: Set<NodeTransport> = new Set();
  /** @internal All sockets are read into it, one after the other. */
  readonly landing: Buffer = Buffer.allocUnsafeSlow(LANDING_BYTES);
  /** @internal Bytes handed to Node's sockets: those that a socket still keeps are counted too. */
  bytesSent = 0;
  #bytesReceived = 0;
  #turns = 0;
  /** Whether a socket had something to say in this pass of the loop. */
  #inTurn = false;
  #turnBegan = 0;
  #endQueued = false;
  /** Those that may have more to read. */
  #unread: NodeTransport[] = [];
  readonly #turnTimes: TurnTimes | undefined;
  /** Where nobody's `AsyncLocalStorage` context is in force but that in which the reactor was made. */
  readonly #root: AsyncResource = new AsyncResource('ROPEWALK', { requireManualDestroy: true });

  constructor(options: ReactorOptions = {}) {
    super(options);
    const measure = checkBoolean('measureTurns', options.measureTurns ?? false);
    this.#turnTimes = measure ? new TurnTimes() : undefined;
  }

  /** @internal */
  override openListenSocket(settings: ListenSettings, port: StreamPort): ListenSocket {
    return new NodeListenSocket(this, listenTCP(settings), settings, port);
  }

  /** @internal */
  override openUNIXListenSocket(settings: UNIXListenSettings, port: StreamPort): ListenSocket {
    return new NodeListenSocket(this, listenUNIX(settings), undefined, port);
  }

  /** @internal */
  override adoptListenSocket(fd: number, takeOver: boolean, port: StreamPort): ListenSocket {
    checkTakeOver(takeOver);
    return new NodeListenSocket(this, adoptListening(fd), undefined, port);
  }

  /** @internal */
  override adoptStream(fd: number, takeOver: boolean, owner: StreamOwner): StreamTransport {
    checkTakeOver(takeOver);
    return this.runAtRoot(() => adoptConnection(this, fd, owner));
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
    return this.runAtRoot(() => new NodeDial(this, peer, destination, settings, listener));
  }

  /** @internal */
  override dialUNIX({ path }: UNIXConnectSettings, listener: DialListener): Dial {
    const peer = new UNIXAddress(path);
    return this.runAtRoot(() => new NodeDial(this, peer, { path }, undefined, listener));
  }

  /** @internal */
  override openUDPSocket(settings: UDPSettings, port: UDPPort): UDPSocket {
    checkUDPSupported(settings);
    return this.runAtRoot(() => {
      const options = [
        ['broadcast', Number(settings.broadcast)],
        // The system's defaults: ip(7).
        ['multicastTTL', 1],
        ['multicastLoopback', 1],
      ] as const;
      return new NodeDatagramSocket(this, bindUDP(settings), port, settings, options);
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
    return this.runAtRoot(
      () => new NodeDatagramSocket(this, adoptUDP(fd, settings), port, limits, []),
    );
  }

  /** @internal A socket has something to say. */
  beginTurn(): void {
    if (this.#inTurn) return;
    this.#inTurn = true;
    this.#turns += 1;
    if (this.#turnTimes !== undefined) this.#turnBegan = this.now();
    this.#queueEnd();
  }

  /** @internal */
  flushAtEndOfTurn(socket: Flushed): void {
    if (this.outgoing.schedule(socket)) this.#queueEnd();
  }

  /** @internal */
  readAgainNextTurn(transport: NodeTransport): void {
    this.#unread.push(transport);
  }

  /** @internal A copy of what has landed, for keeps. */
  takeLanded(bytes: number): Buffer {
    this.#bytesReceived += bytes;
    const data = Buffer.allocUnsafe(bytes);
    this.landing.copy(data, 0, 0, bytes);
    return data;
  }

  /** @internal */
  countReceived(bytes: number): void {
    this.#bytesReceived += bytes;
  }

  /** @internal */
  runAtRoot<R>(run: () => R): R {
    return this.#root.runInAsyncScope(run);
  }

  override transports(): Iterable<StreamTransport> {
    return this.open;
  }

  protected override bytes(): { received: number; sent: number; turns: number } {
    return { received: this.#bytesReceived, sent: this.bytesSent, turns: this.#turns };
  }

  protected override turnTimes(): { p50Ms: number; p99Ms: number } {
    return this.#turnTimes?.take() ?? { p50Ms: 0, p99Ms: 0 };
  }

  protected override checkSupported(settings: ListenSettings | ConnectSettings): void {
    refuse(refusals(settings));
  }

  protected override checkSupportsUNIX(_feature: string, settings: UNIXSettings): void {
    refuse([['sendBufferBytes', settings.sendBufferBytes !== undefined]]);
    if (settings.path.startsWith('\0') && !keepsAbstractNames()) {
      throw new UnsupportedError('an abstract name', 'this Node or system has none, or pads them');
    }
  }

  protected override makeNameResolver(): OwnNameResolver {
    return systemResolver(this, nodeLookUp, NODE_LOOKUPS_AT_ONCE);
  }

  protected override release(): void {}

  #queueEnd(): void {
    if (this.#endQueued) return;
    this.#endQueued = true;
    setImmediate(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#endQueued = false;
    this.outgoing.flush();
    const unread = this.#unread;
    if (unread.length > 0) {
      this.#unread = [];
      for (const transport of unread) transport.readAgain();
    }
    if (!this.#inTurn) return;
    this.#inTurn = false;
    this.#turnTimes?.record(this.now() - this.#turnBegan);
  };
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
    ['reuseAddress', !settings.reuseAddress],
    ['reusePort', settings.reusePort && !canReusePort()],
    ['fastOpenQueue', settings.fastOpenQueue !== undefined],
    ['deferAcceptMs', settings.deferAcceptSeconds !== undefined],
  ];
}
