/** The side that has listeners and offers them to a successor over a UNIX socket. */

import type { Address } from '../core/address.js';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import type { Transport, UNIXTransport } from '../core/transport.js';
import { Deferred } from '../defer/deferred.js';
import { deferredList } from '../defer/deferred-list.js';
import { LineOnlyReceiver } from '../framing/line-only-receiver.js';
import { checkPlainObject } from '../internal/check.js';
import { HandoverProtocolError } from './errors.js';
import {
  decodeMessage,
  encodeMessage,
  HANDOVER_VERSION,
  MAX_LISTENERS,
  MAX_MESSAGE_BYTES,
} from './messages.js';
import { checkSendsDescriptors, isTrusted } from './peer-check.js';

/** Ports by the names that a successor uses. */
export type NamedPorts = Readonly<Record<string, ListeningPort<Address>>>;

/** Time within which a successor that has received listeners must be ready. */
const READY_TIMEOUT_MS = 60_000;

/** Time within which a refused process must close its connection. */
const REFUSED_TIMEOUT_MS = 1_000;

/** Listeners on offer. */
export class ListenerOffer implements AsyncDisposable {
  /**
   * Fires when a successor accepts connections and these ports have stopped. Connections that were waiting have been accepted,
   * here or there.
   */
  readonly taken: Deferred<void> = new Deferred();
  readonly #ports: NamedPorts;
  readonly #control: ListeningPort<Address>;
  #state: 'offered' | 'withdrawn' | 'gone' = 'offered';
  /** All processes that have connected. */
  readonly #visitors = new Set<OfferProtocol>();
  /** The one that is taking over now: one at a time. */
  #successor: OfferProtocol | undefined;

  /** @internal */
  constructor(reactor: Reactor, path: string, ports: NamedPorts) {
    this.#ports = ports;
    // A predecessor that died leaves its socket; the lock shows that it is dead.
    this.#control = reactor.listenUNIX(path, () => new OfferProtocol(this, reactor), {
      mode: 0o600,
      wantPID: true,
    });
  }

  /** Withdraws the offer. The ports are unchanged, unless a successor is ready: then they stop. */
  async withdraw(): Promise<void> {
    if (this.#state === 'offered') this.#state = 'withdrawn';
    for (const visitor of this.#visitors) visitor.refuse('the offer was withdrawn');
    // Processes that have connected receive a refusal instead of a broken connection.
    await this.#control.stopListening({ drain: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.withdraw();
  }

  /** @internal */
  visited(visitor: OfferProtocol): void {
    this.#visitors.add(visitor);
  }

  /** @internal A successor asks for the listeners. @returns The reason if it is refused. */
  begin(successor: OfferProtocol): string | undefined {
    if (this.#state === 'withdrawn') return 'the offer was withdrawn';
    if (this.#state === 'gone') return 'the listeners were already handed over';
    if (this.#successor !== undefined) return 'another process is taking over the listeners';
    this.#successor = successor;
    return undefined;
  }

  /** @internal Sends the ports that are still listening. @returns Their names. */
  give(transport: UNIXTransport): string[] {
    const open = Object.entries(this.#ports).filter(([, port]) => port.listening);
    const most = Math.max(transport.maxWaitingDescriptors, open.length);
    transport.maxWaitingDescriptors = most;
    for (const [, port] of open) transport.sendFileDescriptor(port.fileno());
    return open.map(([name]) => name);
  }

  /** @internal The successor accepts connections. */
  async complete(): Promise<void> {
    this.#state = 'gone';
    // The path is free for the successor's own offer before "stopped" is sent.
    const stopped = Object.values(this.#ports).map((port) =>
      port.stopListening({ drain: true, keepFile: true }),
    );
    await deferredList([...stopped, this.#control.stopListening()]);
  }

  /** @internal The successor has disconnected. */
  end(successor: OfferProtocol, finished: boolean): void {
    this.#visitors.delete(successor);
    if (this.#successor !== successor) return;
    this.#successor = undefined;
    if (finished && !this.taken.fired) this.taken.callback();
  }
}

class OfferProtocol extends LineOnlyReceiver {
  override readonly acceptsLentFrames = true;
  readonly #offer: ListenerOffer;
  readonly #reactor: Reactor;
  #state: 'new' | 'given' | 'refused' | 'stopping' | 'stopped' = 'new';
  #timeout: { active(): boolean; cancel(): void } | undefined;

  constructor(offer: ListenerOffer, reactor: Reactor) {
    super({ maxLength: MAX_MESSAGE_BYTES });
    this.#offer = offer;
    this.#reactor = reactor;
  }

  override makeConnection(transport: Transport): void {
    super.makeConnection(transport);
    this.#offer.visited(this);
    this.#timeout = this.#reactor.callLater(READY_TIMEOUT_MS, () =>
      this.refuse(`not ready after ${READY_TIMEOUT_MS} ms`),
    );
    if (!isTrusted(transport)) transport.abortConnection();
  }

  override lineReceived(line: Buffer): void {
    // The line was sent before the successor read the refusal.
    if (this.#state === 'refused') return;
    const message = decodeMessage(line);
    if (message.type === 'take' && this.#state === 'new') this.#give(message.version);
    else if (message.type === 'ready' && this.#state === 'given') void this.#stop();
    else throw new HandoverProtocolError(`unexpected message "${message.type}"`);
  }

  override connectionLost(): void {
    if (this.#timeout?.active()) this.#timeout.cancel();
    // A successor that disconnects while the ports are stopping has taken them over anyway.
    if (this.#state !== 'stopping') this.#offer.end(this, this.#state === 'stopped');
  }

  /** Ends the hand-over, unless the successor is ready: it cannot be reversed then. */
  refuse(reason: string): void {
    if (this.#state !== 'new' && this.#state !== 'given') return;
    this.#state = 'refused';
    this.sendLine(encodeMessage({ type: 'refused', reason }));
    // The socket stays open: otherwise a "ready" sent meanwhile would break the connection before the reason was read.
    this.transport.loseWriteConnection();
    if (this.#timeout?.active()) this.#timeout.cancel();
    // Not loseConnection, which would linger while the successor continues to send.
    this.#timeout = this.#reactor.callLater(REFUSED_TIMEOUT_MS, () =>
      this.transport.abortConnection(),
    );
  }

  #give(version: number): void {
    const reason =
      version === HANDOVER_VERSION
        ? this.#offer.begin(this)
        : `version ${version} of the hand-over protocol is not supported`;
    if (reason !== undefined) {
      this.refuse(reason);
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
 * Offers the sockets of `ports` at `path` to processes of the same user or root that call {@link takeListeners}. Native only.
 *
 * @param path The path of a UNIX socket, created with mode 0600, and of a lock file beside it.
 * @throws CannotListenError another living process makes an offer there.
 * @throws NotListeningError
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnsupportedError
 */
export function offerListeners(reactor: Reactor, path: string, ports: NamedPorts): ListenerOffer {
  checkPlainObject('ports', ports);
  checkSendsDescriptors(reactor, 'offerListeners');
  checkCanBeGiven(ports);
  return new ListenerOffer(reactor, path, ports);
}

/** @internal Checks early, before a successor arrives, that the ports can be given away. @throws as offerListeners */
export function checkCanBeGiven(ports: NamedPorts): void {
  const all = Object.values(ports);
  if (all.length > MAX_LISTENERS) {
    throw new InvalidArgumentValueError('ports', `at most ${MAX_LISTENERS} ports`, all.length);
  }
  for (const port of all) port.fileno();
}
