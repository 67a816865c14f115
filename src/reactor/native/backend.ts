/** The native sockets, by facet, over one loop of the addon. */

import { UnsupportedError } from '../../core/errors/reactor.js';
import type { ReactorDescriptors } from '../../core/reactor-descriptors.js';
import type { TurnHistogram } from '../../core/reactor-introspection.js';
import { checkBoolean, checkChoice, checkInteger } from '../../internal/check.js';
import { WINDOWS } from '../../internal/platform.js';
import { loadAddon, type NativeLoop } from '../../native.js';
import type { AdoptedSockets } from '../adoption/adopted-sockets.js';
import type { PipeSockets } from '../adoption/pipe-sockets.js';
import type { ReactorBackend, Traffic, TurnPercentiles } from '../backend.js';
import type { UDPSockets, UNIXDatagramSockets } from '../datagrams/datagram-sockets.js';
import type { ReactorCore } from '../life/reactor-core.js';
import type { OwnNameResolver } from '../names/hosted-names.js';
import { systemResolver } from '../names/system-resolver.js';
import { nodeProcesses } from '../node/processes.js';
import { NodeSockets } from '../node/sockets.js';
import { nodeUNIX } from '../node/unix-sockets.js';
import { POLLER_CHOICES } from '../poller-choice.js';
import type { ChildProcesses } from '../processes/child-processes.js';
import type { ReactorOptions } from '../reactor-options.js';
import type { StreamTransport } from '../streams/stream-transport.js';
import type { TCPSockets } from '../streams/tcp-sockets.js';
import type { UNIXSockets } from '../streams/unix-sockets.js';
import { NO_TURN_TIMES, TurnTimes } from '../time/turn-times.js';
import { adoptConnection, adoptListening, adoptUDP } from './adopt.js';
import { NativeDescriptors } from './descriptors.js';
import { checkConnectSupported, dialTCP, dialUNIX } from './dial.js';
import { Dispatcher } from './dispatcher.js';
import { asSystemError } from './errors.js';
import { bindUDP, bindUNIXDatagrams, listenTCP, listenUNIX } from './listen.js';
import { NATIVE_LOOKUPS_AT_ONCE, nativeLookUp } from './lookup.js';
import type { NativeReactorOptions } from './options.js';
import { adoptPipe } from './pipe-transport.js';
import { NativeProcesses } from './processes.js';
import { ReceiveArena } from './receive-arena.js';
import { mapSharedMemory } from './shared-memory.js';
import { NativeSockets } from './sockets.js';
import { secureStream } from './tls-transport.js';
import { NativeTransport } from './transport.js';

export class NativeBackend implements ReactorBackend {
  readonly kind = 'native';
  readonly poller: string;
  readonly tcp: TCPSockets;
  readonly unix: UNIXSockets;
  readonly udp: UDPSockets;
  readonly unixDatagrams: UNIXDatagramSockets | undefined;
  readonly adopted: AdoptedSockets;
  readonly pipes: PipeSockets | undefined;
  readonly processes: ChildProcesses;
  readonly descriptors: ReactorDescriptors;
  readonly #core: ReactorCore;
  readonly #loop: NativeLoop;
  readonly #sockets: NativeSockets;
  /** UNIX sockets on Windows are named pipes, which Node provides. */
  readonly #pipes: NodeSockets | undefined;
  readonly #turnTimes: TurnTimes | undefined;

  /** @throws AddonNotLoadedError, UnsupportedError */
  constructor(core: ReactorCore, options: ReactorOptions & NativeReactorOptions) {
    this.#core = core;
    const poller = checkChoice('poller', options.poller ?? 'auto', POLLER_CHOICES);
    const busyPollUs = checkInteger('busyPollUs', options.busyPollUs ?? 0, 0, 1_000_000);
    const measureTurns = checkBoolean('measureTurns', options.measureTurns ?? false);
    this.#turnTimes = measureTurns ? new TurnTimes() : undefined;
    this.#loop = createLoop(poller, busyPollUs, measureTurns, () => dispatcher.dispatch());
    this.poller = this.#loop.poller;
    const memory = mapSharedMemory(this.#loop.memory);
    const arena = new ReceiveArena(this.#loop, core.poisonsLentBytes);
    const sockets = new NativeSockets(this.#loop, memory, arena, core, secureStream);
    this.#sockets = sockets;
    const dispatcher = new Dispatcher(core, sockets, this.#turnTimes);
    this.descriptors = new NativeDescriptors(sockets, core);
    this.#pipes = WINDOWS ? new NodeSockets(core) : undefined;
    this.tcp = {
      checkSupported: (settings) => {
        // The system itself refuses unavailable options of a listener, within the call.
        if ('fastOpen' in settings) checkConnectSupported(settings);
      },
      listen: (settings, port) => listenTCP(sockets, settings, port),
      dial: (address, port, settings, owner, listener) =>
        dialTCP(sockets, address, port, settings, owner, listener),
    };
    this.unix =
      this.#pipes === undefined
        ? {
            checkSupported: () => {},
            listen: (settings, port) => listenUNIX(sockets, settings, port),
            dial: (settings, owner, listener) => dialUNIX(sockets, settings, owner, listener),
          }
        : nodeUNIX(this.#pipes);
    this.udp = { bind: (settings, port) => bindUDP(sockets, settings, port) };
    this.unixDatagrams = WINDOWS
      ? undefined
      : { bind: (settings, port) => bindUNIXDatagrams(sockets, settings, port) };
    this.adopted = {
      listening: (fd, takeOver, port) => adoptListening(sockets, fd, takeOver, port),
      connection: (fd, takeOver, owner) => adoptConnection(sockets, fd, takeOver, owner),
      udp: (fd, takeOver, settings, port) => adoptUDP(sockets, fd, takeOver, settings, port),
    };
    this.pipes = WINDOWS
      ? undefined
      : { open: (settings, owner) => adoptPipe(sockets, settings, owner) };
    this.processes =
      this.#pipes === undefined
        ? new NativeProcesses(sockets, (settings, owner) => adoptPipe(sockets, settings, owner))
        : nodeProcesses(this.#pipes);
  }

  makeNameResolver(): OwnNameResolver {
    return systemResolver(this.#core, nativeLookUp, NATIVE_LOOKUPS_AT_ONCE);
  }

  *transports(): Iterable<StreamTransport> {
    for (const socket of this.#sockets.slots) {
      if (socket instanceof NativeTransport) yield socket;
    }
    if (this.#pipes !== undefined) yield* this.#pipes.open;
  }

  lingeringSenders(): number {
    // Closes of this turn are carried out first.
    this.#loop.flush();
    return this.#loop.statistics()[5] + (this.#pipes?.closing.senders ?? 0);
  }

  traffic(): Traffic {
    const [turns, received, sent] = this.#loop.statistics();
    const { bytesReceived = 0, bytesSent = 0 } = this.#pipes ?? {};
    return { turns, bytesReceived: received + bytesReceived, bytesSent: sent + bytesSent };
  }

  turnTimes(): TurnPercentiles {
    return this.#turnTimes?.take() ?? { p50Ms: 0, p99Ms: 0 };
  }

  turnHistogram(): TurnHistogram {
    return this.#turnTimes?.histogram() ?? NO_TURN_TIMES;
  }

  release(): void {
    this.#loop.flush();
    this.#loop.dispose();
    this.#pipes?.closing.destroyAll();
  }
}

function createLoop(
  poller: string,
  busyPollUs: number,
  measureTurns: boolean,
  dispatch: () => void,
): NativeLoop {
  const addon = loadAddon();
  try {
    return addon.createLoop(poller, busyPollUs, measureTurns, dispatch);
  } catch (error) {
    const cause = asSystemError(error);
    if (cause.code === 'ENOTSUP')
      throw new UnsupportedError(poller, 'this platform has no such poller');
    throw cause;
  }
}
