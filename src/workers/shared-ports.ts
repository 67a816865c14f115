/** The listening ports of one worker, shared with the group's other workers. */
import { UnsupportedError } from '../core/errors/reactor.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import type { ListenTCPOptions } from '../core/tcp-options.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { LISTEN_TCP_OPTIONS } from '../reactor/streams/tcp-settings.js';
import type { FromWorker, WorkerOrder } from './messages.js';
import type { WorkerListenOptions } from './worker-context.js';

const { reusePort: _always, ...OPTIONS }: OptionNames<ListenTCPOptions> = LISTEN_TCP_OPTIONS;

export class SharedPorts {
  /** The reactor's method, which a program of `ropewalk run` replaces. */
  readonly #listenTCP: Reactor['listenTCP'];
  readonly #order: WorkerOrder;
  readonly #send: (message: FromWorker) => void;
  readonly #ports: ListeningPort[] = [];
  #chosen = 0;

  constructor(reactor: Reactor, order: WorkerOrder, send: (message: FromWorker) => void) {
    this.#listenTCP = reactor.listenTCP.bind(reactor);
    this.#order = order;
    this.#send = send;
  }

  listenTCP(port: number, factory: FactoryLike, options: WorkerListenOptions = {}): ListeningPort {
    checkOptions('listenTCP', options, OPTIONS);
    const key = port === 0 ? this.#nextKey() : undefined;
    const wanted = key === undefined ? port : (this.#order.ports[key] ?? 0);
    if (this.#order.claimPorts && wanted !== 0) this.#claim(wanted, options);
    const listening = this.#listen(wanted, factory, options);
    this.#ports.push(listening);
    const { host, port: given } = listening.getHost();
    this.#send({ type: 'listening', key, host, port: given });
    return listening;
  }

  async stopListening(): Promise<void> {
    await Promise.all(this.#ports.map((port) => port.stopListening({ drain: true })));
  }

  /** Identifies ports that the system chooses by the order of the requests, which is the same in all workers. */
  #nextKey(): string {
    this.#chosen += 1;
    return `chosen ${this.#chosen}`;
  }

  /**
   * Checks that no other process has the port: a program of the same user that also shares the port would receive some of the
   * connections unnoticed.
   */
  #claim(port: number, options: WorkerListenOptions): void {
    void this.#listenTCP(port, () => null, options).stopListening();
  }

  #listen(port: number, factory: FactoryLike, options: WorkerListenOptions): ListeningPort {
    try {
      return this.#listenTCP(port, factory, { ...options, reusePort: true });
    } catch (error) {
      // One worker can listen without sharing; only restartAll then cannot have two at the same time.
      if (!(error instanceof UnsupportedError) || this.#order.workers > 1) throw error;
      return this.#listenTCP(port, factory, options);
    }
  }
}
