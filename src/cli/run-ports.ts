/** Records the ports that a program opens, and opens them on the sockets of its predecessor. */
import { rmSync } from 'node:fs';
import { type Address, type IPAddress, UNIXAddress } from '../core/address.js';
import type { DatagramProtocolLike, ListenUDPOptions, UDPTransport } from '../core/datagram.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import type { TakenListeners } from '../handover/take-listeners.js';

/**
 * Replaces the methods of a reactor that listen, so that programs need not know about upgrades. A port is identified by its
 * arguments; of several with the same ones, by their order.
 */
export class PortRecorder {
  /** Ports by the names under which they are handed over. */
  readonly ports: Record<string, ListeningPort<Address>> = {};
  readonly #taken: TakenListeners | undefined;
  /** Whether the predecessor has stopped. Before, the files of its sockets are not removed. */
  #owns: boolean;

  constructor(reactor: Reactor, taken: TakenListeners | undefined) {
    this.#taken = taken;
    this.#owns = taken === undefined;
    const { listenTCP, listenUNIX, listenUDP } = reactor;
    reactor.listenTCP = (port, factory, options) =>
      this.#open(
        `tcp ${options?.interface ?? ''} ${port}`,
        (fd) => reactor.adoptStreamPort(fd, factory, { takeOver: true }),
        () => listenTCP.call(reactor, port, factory, options),
      );
    reactor.listenUNIX = (path, factory, options) =>
      this.#open(
        `unix ${path}`,
        (fd) => this.#keepingFile(reactor.adoptStreamPort(fd, factory, UNIX_OPTIONS)),
        () => listenUNIX.call(reactor, path, factory, options),
      );
    reactor.listenUDP = (port, protocol, options) =>
      this.#open(
        `udp ${options?.interface ?? ''} ${port}`,
        (fd) => adoptUDP(reactor, fd, protocol, options),
        () => listenUDP.call(reactor, port, protocol, options),
      );
  }

  /** The predecessor has stopped. */
  own(): void {
    this.#owns = true;
  }

  /** A successor has taken the sockets over. */
  disown(): void {
    this.#owns = false;
  }

  /** Removes the files of UNIX sockets that are open, before the process ends without closing them. */
  removeFiles(): void {
    if (!this.#owns) return;
    for (const port of Object.values(this.ports)) {
      const address = port.listening ? port.getHost() : undefined;
      if (!(address instanceof UNIXAddress) || !address.path?.startsWith('/')) continue;
      for (const path of [address.path, `${address.path}.lock`]) rmSync(path, { force: true });
    }
  }

  /** The same if the process ends because of an error. */
  removingFilesAtExit(): Disposable {
    const remove = (): void => this.removeFiles();
    process.once('exit', remove);
    return { [Symbol.dispose]: () => process.removeListener('exit', remove) };
  }

  #open<P extends ListeningPort<Address>>(
    wanted: string,
    adopt: (fd: number) => ListeningPort<Address>,
    listen: () => P,
  ): P {
    // A name is free again when its port has stopped.
    let name = wanted;
    for (let count = 2; this.ports[name]?.listening === true; count++) name = `${wanted} ${count}`;
    const fd = this.#taken?.take(name);
    const port = fd === undefined ? listen() : (adopt(fd) as P);
    this.ports[name] = port;
    return port;
  }

  #keepingFile(port: ListeningPort<Address>): ListeningPort<Address> {
    const { stopListening } = port;
    port.stopListening = (options) =>
      stopListening.call(port, this.#owns ? options : { ...options, keepFile: true });
    return port;
  }
}

/** Options of the address are the socket's own, which has them already. */
function adoptUDP(
  reactor: Reactor,
  fd: number,
  protocol: DatagramProtocolLike<IPAddress>,
  options: ListenUDPOptions = {},
): UDPTransport {
  const { interface: _, broadcast, listenMultiple, reusePort, ipv6Only, ...others } = options;
  const port = reactor.adoptDatagramPort(fd, protocol, { ...others, takeOver: true });
  if (broadcast !== undefined) port.setBroadcastAllowed(broadcast);
  return port;
}

const UNIX_OPTIONS = { takeOver: true, ownsFile: true } as const;
