/** The side that has listeners and gives them away: offers them to a successor over a UNIX socket. */

import type { Address } from '../core/address.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import type { Transport, UNIXTransport } from '../core/transport.js';
import { Deferred } from '../defer/deferred.js';
import { deferredList } from '../defer/deferred-list.js';
import { LineOnlyReceiver } from '../framing/line-only-receiver.js';
import { checkObject } from '../internal/check.js';
import { HandoverProtocolError } from './errors.js';
import { decodeMessage, encodeMessage, HANDOVER_VERSION, MAX_MESSAGE_BYTES } from './messages.js';
import { checkSendsDescriptors, isTrusted } from './peer-check.js';

/** Ports by the names under which a successor knows them. */
export type NamedPorts = Readonly<Record<string, ListeningPort<Address>>>;

/** How long a successor that has been given listeners may take until it says that it is ready. */
const READY_TIMEOUT_MS = 60_000;

/** Listeners on offer. */
export class ListenerOffer implements AsyncDisposable {
  /**
   * Fires when a successor accepts connections and these ports have stopped: those who had connected and waited were accepted,
   * here or there.
   */
  readonly taken: Deferred<void> = new Deferred();
  readonly #reactor: Reactor;
  readonly #ports: NamedPorts;
  readonly #control: ListeningPort<Address>;
  /** Who is taking over at present: one at a time. */
  #successor: OfferProtocol | undefined;

  /** @internal */
  constructor(reactor: Reactor, path: string, ports: NamedPorts) {
    this.#reactor = reactor;
    this.#ports = ports;
    // A predecessor that died leaves its socket; the lock tells that it is dead.
    this.#control = reactor.listenUNIX(path, () => new OfferProtocol(this, reactor), {
      mode: 0o600,
      wantPID: true,
    });
  }

  /** Takes the offer back; the ports stay as they are. */
  async withdraw(): Promise<void> {
    await this.#control.stopListening();
    this.#successor?.transport.abortConnection();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.withdraw();
  }

  /** @internal A successor asks. @returns Why it is refused. */
  begin(successor: OfferProtocol): string | undefined {
    if (this.taken.fired) return 'the listeners are gone already';
    if (this.#successor !== undefined) return 'another process is taking the listeners over';
    this.#successor = successor;
    return undefined;
  }

  /** @internal */
  give(transport: UNIXTransport): string[] {
    const names = Object.keys(this.#ports);
    for (const name of names) transport.sendFileDescriptor(this.#ports[name]?.fileno() ?? -1);
    return names;
  }

  /** @internal The successor accepts. */
  async complete(): Promise<void> {
    // The path is free for the successor's own offer before it is told.
    const stopped = Object.values(this.#ports).map((port) =>
      port.stopListening({ drain: true, keepFile: true }),
    );
    await deferredList([...stopped, this.#control.stopListening()]);
  }

  /** @internal The successor is gone. */
  end(successor: OfferProtocol, finished: boolean): void {
    if (this.#successor !== successor) return;
    this.#successor = undefined;
    if (finished && !this.taken.fired) this.#reactor.callLater(0, () => this.taken.callback());
  }
}

class OfferProtocol extends LineOnlyReceiver {
  readonly #offer: ListenerOffer;
  readonly #reactor: Reactor;
  #state: 'new' | 'given' | 'stopping' | 'stopped' = 'new';
  #timeout: { active(): boolean; cancel(): void } | undefined;

  constructor(offer: ListenerOffer, reactor: Reactor) {
    super({ maxLength: MAX_MESSAGE_BYTES });
    this.#offer = offer;
    this.#reactor = reactor;
  }

  override makeConnection(transport: Transport): void {
    super.makeConnection(transport);
    this.#timeout = this.#reactor.callLater(READY_TIMEOUT_MS, () => transport.abortConnection());
    if (!isTrusted(transport)) transport.abortConnection();
  }

  override lineReceived(line: Buffer): void {
    const message = decodeMessage(line);
    if (message.type === 'take' && this.#state === 'new') this.#give(message.version);
    else if (message.type === 'ready' && this.#state === 'given') void this.#stop();
    else throw new HandoverProtocolError(`"${message.type}" came at the wrong time`);
  }

  override connectionLost(): void {
    if (this.#timeout?.active()) this.#timeout.cancel();
    // A successor that leaves while the ports are stopping has them all the same.
    if (this.#state !== 'stopping') this.#offer.end(this, this.#state === 'stopped');
  }

  #give(version: number): void {
    const reason =
      version === HANDOVER_VERSION
        ? this.#offer.begin(this)
        : `version ${version} of the hand-over is not spoken here`;
    if (reason !== undefined) {
      this.sendLine(encodeMessage({ type: 'refused', reason }));
      this.transport.loseConnection();
      return;
    }
    const names = this.#offer.give(this.transport as UNIXTransport);
    this.sendLine(encodeMessage({ type: 'listeners', names }));
    this.#state = 'given';
  }

  async #stop(): Promise<void> {
    this.#state = 'stopping';
    if (this.#timeout?.active()) this.#timeout.cancel();
    await this.#offer.complete();
    this.#state = 'stopped';
    if (!this.connected) {
      this.#offer.end(this, true);
      return;
    }
    this.sendLine(encodeMessage({ type: 'stopped' }));
    this.transport.loseConnection();
  }
}

/**
 * Offers the sockets of `ports` to whoever asks for them by {@link takeListeners} at `path`, a process of the same user or
 * root. Native only.
 *
 * @param path Of a UNIX socket, made with mode 0600, and of a lock file beside it.
 * @throws CannotListenError another living process offers there.
 * @throws InvalidArgumentTypeError, UnsupportedError
 */
export function offerListeners(reactor: Reactor, path: string, ports: NamedPorts): ListenerOffer {
  checkObject('ports', ports);
  checkSendsDescriptors(reactor, 'offerListeners');
  // Asked now, so that what can't be given away is known before a successor comes.
  for (const port of Object.values(ports)) port.fileno();
  return new ListenerOffer(reactor, path, ports);
}
