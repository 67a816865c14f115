/** Node's own sockets, by facet. */
import type { TurnHistogram } from '../../core/reactor-introspection.js';
import { checkBoolean } from '../../internal/check.js';
import { WINDOWS } from '../../internal/platform.js';
import type { AdoptedSockets } from '../adoption/adopted-sockets.js';
import type { PipeSockets } from '../adoption/pipe-sockets.js';
import type { ReactorBackend, Traffic, TurnPercentiles } from '../backend.js';
import type { UDPSockets } from '../datagrams/datagram-sockets.js';
import type { ReactorCore } from '../life/reactor-core.js';
import type { OwnNameResolver } from '../names/hosted-names.js';
import { systemResolver } from '../names/system-resolver.js';
import type { ChildProcesses } from '../processes/child-processes.js';
import type { ReactorOptions } from '../reactor-options.js';
import type { StreamTransport } from '../streams/stream-transport.js';
import type { TCPSockets } from '../streams/tcp-sockets.js';
import type { UNIXSockets } from '../streams/unix-sockets.js';
import { NO_TURN_TIMES, TurnTimes } from '../time/turn-times.js';
import { adoptConnection, adoptListening, checkTakeOver } from './adopt.js';
import { NodeListenSocket } from './listen-socket.js';
import { adoptUDP, bindUDP, checkUDPSupported } from './listen-udp.js';
import { NODE_LOOKUPS_AT_ONCE, nodeLookUp } from './lookup.js';
import { adoptPipe } from './pipe-transport.js';
import { nodeProcesses } from './processes.js';
import { NodeSockets } from './sockets.js';
import { nodeTCP } from './tcp-sockets.js';
import { NodeDatagramSocket } from './udp-socket.js';
import { nodeUNIX } from './unix-sockets.js';

export class NodeBackend implements ReactorBackend {
  readonly kind = 'node';
  readonly poller = 'libuv';
  readonly tcp: TCPSockets;
  readonly unix: UNIXSockets;
  readonly udp: UDPSockets;
  readonly adopted: AdoptedSockets;
  readonly pipes: PipeSockets | undefined;
  readonly processes: ChildProcesses;
  readonly #core: ReactorCore;
  readonly #sockets: NodeSockets;
  readonly #turnTimes: TurnTimes | undefined;

  constructor(core: ReactorCore, options: ReactorOptions) {
    const measure = checkBoolean('measureTurns', options.measureTurns ?? false);
    this.#core = core;
    this.#turnTimes = measure ? new TurnTimes() : undefined;
    this.#sockets = new NodeSockets(core, this.#turnTimes);
    this.tcp = nodeTCP(this.#sockets);
    this.unix = nodeUNIX(this.#sockets);
    this.udp = nodeUDP(this.#sockets);
    this.adopted = nodeAdopted(this.#sockets);
    this.processes = nodeProcesses(this.#sockets);
    this.pipes = WINDOWS ? undefined : nodePipes(this.#sockets);
  }

  makeNameResolver(): OwnNameResolver {
    return systemResolver(this.#core, nodeLookUp, NODE_LOOKUPS_AT_ONCE);
  }

  transports(): Iterable<StreamTransport> {
    return this.#sockets.open;
  }

  lingeringSenders(): number {
    return this.#sockets.closing.senders;
  }

  traffic(): Traffic {
    const { bytesReceived, bytesSent, turns } = this.#sockets;
    return { bytesReceived, bytesSent, turns };
  }

  turnTimes(): TurnPercentiles {
    return this.#turnTimes?.take() ?? { p50Ms: 0, p99Ms: 0 };
  }

  turnHistogram(): TurnHistogram {
    return this.#turnTimes?.histogram() ?? NO_TURN_TIMES;
  }

  release(): void {
    this.#sockets.closing.destroyAll();
  }
}

function nodeUDP(sockets: NodeSockets): UDPSockets {
  return {
    bind: (settings, port) => {
      checkUDPSupported(settings);
      return sockets.runAtRoot(() => {
        const options = [
          ['broadcast', Number(settings.broadcast)],
          // The system's defaults: ip(7).
          ['multicastTTL', 1],
          ['multicastLoopback', 1],
        ] as const;
        return new NodeDatagramSocket(sockets, bindUDP(settings), port, settings, options);
      });
    },
  };
}

function nodePipes(sockets: NodeSockets): PipeSockets {
  return {
    open: (settings, owner) => sockets.runAtRoot(() => adoptPipe(sockets, settings, owner)),
  };
}

function nodeAdopted(sockets: NodeSockets): AdoptedSockets {
  return {
    listening: (fd, takeOver, port) => {
      checkTakeOver(takeOver);
      return new NodeListenSocket(sockets, adoptListening(fd), undefined, port);
    },
    connection: (fd, takeOver, owner) => {
      checkTakeOver(takeOver);
      return sockets.runAtRoot(() => adoptConnection(sockets, fd, owner));
    },
    udp: (fd, takeOver, settings, port) => {
      checkTakeOver(takeOver);
      const limits = { ...settings, ipv6Only: false };
      return sockets.runAtRoot(
        () => new NodeDatagramSocket(sockets, adoptUDP(fd, settings), port, limits, []),
      );
    },
  };
}
