/** The side that takes over listeners from the process that has them. */

import { closeSync } from 'node:fs';
import type { Connector } from '../core/connector.js';
import { ConnectionRefusedError } from '../core/errors/connecting.js';
import { ClientFactory } from '../core/factory.js';
import type { Reactor } from '../core/reactor.js';
import type { Transport } from '../core/transport.js';
import { Deferred } from '../defer/deferred.js';
import { fail, succeed } from '../defer/succeed.js';
import { LineOnlyReceiver } from '../framing/line-only-receiver.js';
import { checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { HandoverError, HandoverProtocolError } from './errors.js';
import {
  decodeMessage,
  encodeMessage,
  HANDOVER_VERSION,
  MAX_LISTENERS,
  MAX_MESSAGE_BYTES,
} from './messages.js';
import { checkSendsDescriptors, isTrusted } from './peer-check.js';

export interface TakeListenersOptions {
  /**
   * Limit for each step, in milliseconds: until the listeners have arrived, and until the predecessor has stopped. 0 waits
   * forever. Default 30,000.
   */
  readonly timeoutMs?: number;
}

const OPTIONS: OptionNames<TakeListenersOptions> = { timeoutMs: true };

/** Listeners of a predecessor, which still accepts connections on them. */
export class TakenListeners implements Disposable {
  readonly #fds: Map<string, number>;
  readonly #protocol: TakeProtocol;

  /** @internal */
  constructor(protocol: TakeProtocol, fds: Map<string, number>) {
    this.#protocol = protocol;
    this.#fds = fds;
  }

  /** The names of the listeners that have not been taken yet. */
  get names(): string[] {
    return [...this.#fds.keys()];
  }

  /**
   * The descriptor of a listener, to be adopted with `takeOver`; the caller owns it. Undefined if the predecessor had none of that
   * name, or it was taken before.
   */
  take(name: string): number | undefined {
    const fd = this.#fds.get(name);
    this.#fds.delete(name);
    return fd;
  }

  /**
   * Asks the predecessor to stop accepting. Call this after the taken listeners were adopted; the others are closed.
   *
   * @returns Fires when the predecessor has stopped, is gone, or has not confirmed in time: only then do all connections come
   * here. Fails with a HandoverError if it withdrew its offer, or this process gave up earlier: the predecessor then continues.
   */
  ready(): Deferred<void> {
    this.#closeRest();
    return this.#protocol.ready();
  }

  /** Gives up: listeners not taken are closed, and the predecessor continues. Does nothing after {@link ready}. */
  [Symbol.dispose](): void {
    this.#closeRest();
    this.#protocol.giveUp();
  }

  #closeRest(): void {
    for (const fd of this.#fds.values()) closeSync(fd);
    this.#fds.clear();
  }
}

class TakeProtocol extends LineOnlyReceiver {
  override readonly acceptsLentFrames = true;
  readonly #reactor: Reactor;
  readonly #timeoutMs: number;
  readonly #taken: Deferred<TakenListeners>;
  readonly #fds: number[] = [];
  #stopped: Deferred<void> | undefined;
  /** The reason why the predecessor continues, if it does. */
  #refusal: HandoverError | undefined;
  #timeout: { active(): boolean; cancel(): void } | undefined;

  constructor(reactor: Reactor, timeoutMs: number, taken: Deferred<TakenListeners>) {
    super({ maxLength: MAX_MESSAGE_BYTES });
    this.#reactor = reactor;
    this.#timeoutMs = timeoutMs;
    this.#taken = taken;
  }

  override makeConnection(transport: Transport): void {
    super.makeConnection(transport);
    if (!isTrusted(transport)) {
      this.#refused(
        new HandoverError('the process that offers the listeners runs as another user'),
      );
      return;
    }
    this.#wait();
    this.sendLine(encodeMessage({ type: 'take', version: HANDOVER_VERSION }));
  }

  fileDescriptorReceived(fd: number): void {
    this.#fds.push(fd);
    if (this.#fds.length > MAX_LISTENERS) {
      throw new HandoverProtocolError(`more than ${MAX_LISTENERS} descriptors arrived`);
    }
  }

  override lineReceived(line: Buffer): void {
    const message = decodeMessage(line);
    if (message.type === 'listeners' && !this.#taken.fired) this.#give(message.names);
    else if (message.type === 'refused') this.#refused(new HandoverError(message.reason));
    else if (message.type === 'stopped' && this.#stopped !== undefined) this.#finish();
    else throw new HandoverProtocolError(`unexpected message "${message.type}"`);
  }

  override connectionLost(reason: Error): void {
    this.#endWait();
    for (const fd of this.#fds.splice(0)) closeSync(fd);
    const failure =
      reason instanceof HandoverProtocolError
        ? reason
        : new HandoverError('the process that offers the listeners is gone', { cause: reason });
    if (!this.#taken.fired) this.#taken.errback(failure);
    // A predecessor that is gone does not accept connections either.
    this.#finish();
  }

  ready(): Deferred<void> {
    if (this.#stopped !== undefined) return this.#stopped;
    if (this.#refusal !== undefined) return fail(this.#refusal);
    // It was gone before it was asked: it no longer accepts.
    if (!this.connected) return succeed();
    const stopped = new Deferred<void>();
    this.#stopped = stopped;
    this.#wait();
    this.sendLine(encodeMessage({ type: 'ready' }));
    return stopped;
  }

  giveUp(): void {
    if (this.#stopped === undefined) this.#refused(new HandoverError('this process gave up'));
  }

  #give(names: readonly string[]): void {
    const fds = this.#fds.splice(0);
    if (fds.length !== names.length) {
      for (const fd of fds) closeSync(fd);
      throw new HandoverProtocolError(
        `${names.length} listeners arrived with ${fds.length} descriptors`,
      );
    }
    this.#endWait();
    const named = new Map(names.map((name, index) => [name, fds[index] as number]));
    this.#taken.callback(new TakenListeners(this, named));
  }

  /** The predecessor continues. */
  #refused(error: HandoverError): void {
    this.#refusal ??= error;
    this.#endWait();
    this.transport.abortConnection();
    if (!this.#taken.fired) this.#taken.errback(error);
    else if (this.#stopped?.fired === false) this.#stopped.errback(error);
  }

  #finish(): void {
    this.#endWait();
    if (this.#stopped?.fired === false) this.#stopped.callback();
    this.transport.loseConnection();
  }

  #wait(): void {
    if (this.#timeoutMs === 0) return;
    this.#timeout = this.#reactor.callLater(this.#timeoutMs, () =>
      this.transport.abortConnection(),
    );
  }

  #endWait(): void {
    if (this.#timeout?.active() === true) this.#timeout.cancel();
  }
}

/**
 * Asks the process that offers its listeners at `path` (see {@link offerListeners}) for them. Native only.
 *
 * @returns Fires with undefined if no process offers listeners. Fails with a HandoverError if the process refuses, runs as another
 * user, or does not answer in time, and with a ConnectError if it cannot be reached. Cancelling closes the connection.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function takeListeners(
  reactor: Reactor,
  path: string,
  options: TakeListenersOptions = {},
): Deferred<TakenListeners | undefined> {
  checkOptions('takeListeners', options, OPTIONS);
  const timeoutMs = checkMilliseconds('timeoutMs', options.timeoutMs ?? 30_000);
  checkSendsDescriptors(reactor, 'takeListeners');
  const taken = new Deferred<TakenListeners | undefined>(() => connector.disconnect());
  const connector = reactor.connectUNIX(path, new TakeFactory(reactor, timeoutMs, taken), {
    timeoutMs,
  });
  return taken;
}

class TakeFactory extends ClientFactory {
  readonly #reactor: Reactor;
  readonly #timeoutMs: number;
  readonly #taken: Deferred<TakenListeners | undefined>;

  constructor(reactor: Reactor, timeoutMs: number, taken: Deferred<TakenListeners | undefined>) {
    super();
    this.#reactor = reactor;
    this.#timeoutMs = timeoutMs;
    this.#taken = taken;
  }

  override buildProtocol(): TakeProtocol {
    return new TakeProtocol(
      this.#reactor,
      this.#timeoutMs,
      this.#taken as Deferred<TakenListeners>,
    );
  }

  override clientConnectionFailed(_connector: Connector, reason: Error): void {
    if (this.#taken.fired) return;
    // There is no file, or one left by a dead process.
    if (reason instanceof ConnectionRefusedError) this.#taken.callback(undefined);
    else this.#taken.errback(reason);
  }
}
