/** The sockets of one worker of `ropewalk run --workers`: it inherits those that were opened before, and passes on those that it opens. */
import type { Address } from '../core/address.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { UNIXTransport } from '../core/transport.js';
import { Deferred } from '../defer/deferred.js';
import { LineOnlyReceiver } from '../framing/line-only-receiver.js';
import { HandoverError } from '../handover/errors.js';
import type { WorkerContext } from '../workers/worker-context.js';
import { WORKER_SOCKETS, type WorkerSocketNames } from './run-shared-sockets.js';

const FIRST_FD = 3;

/** Replaces `listenUNIX` of the worker's reactor, and restores the variables of systemd for the endpoint `systemd:`. */
export class WorkerSockets {
  readonly #worker: WorkerContext<unknown>;
  readonly #relay: string | undefined;
  readonly #inherited = new Map<string, number>();
  readonly #passing: Deferred<void>[] = [];

  constructor(worker: WorkerContext<unknown>, relay: string | undefined) {
    this.#worker = worker;
    this.#relay = relay;
    this.#takeNames(process.env);
    const { reactor } = worker;
    const { listenUNIX } = reactor;
    reactor.listenUNIX = (path, factory, options) => {
      const fd = this.#inherited.get(path);
      this.#inherited.delete(path);
      if (fd !== undefined)
        return reactor.adoptStreamPort(fd, factory, { takeOver: true }) as never;
      this.#checkShared();
      const port = listenUNIX.call(reactor, path, factory, options);
      keepFile(port);
      worker.signal.addEventListener('abort', () => void port.stopListening({ drain: true }));
      if (relay !== undefined) this.#passing.push(this.#pass(relay, path, port));
      return port;
    };
  }

  /** Settles when the parent has the sockets that this worker has opened. */
  async passed(): Promise<void> {
    await Promise.all(this.#passing);
  }

  #takeNames(environment: NodeJS.ProcessEnv): void {
    const { systemd, unix } = JSON.parse(
      environment[WORKER_SOCKETS] ?? '{}',
    ) as Partial<WorkerSocketNames>;
    delete environment[WORKER_SOCKETS];
    const names = systemd ?? [];
    if (names.length > 0) {
      environment.LISTEN_PID = String(process.pid);
      environment.LISTEN_FDS = String(names.length);
      environment.LISTEN_FDNAMES = names.join(':');
    }
    for (const [i, path] of (unix ?? []).entries()) {
      this.#inherited.set(path, FIRST_FD + names.length + i);
    }
  }

  /** @throws UnsupportedError */
  #checkShared(): void {
    if (this.#relay !== undefined || this.#worker.workers === 1) return;
    throw new UnsupportedError(
      'listenUNIX',
      'workers share UNIX sockets on the native reactor only',
    );
  }

  #pass(relay: string, path: string, port: ListeningPort<Address>): Deferred<void> {
    const received = new Deferred<void>();
    this.#worker.reactor.connectUNIX(relay, () => new PassProtocol(path, port, received));
    return received;
  }
}

class PassProtocol extends LineOnlyReceiver {
  readonly #path: string;
  readonly #port: ListeningPort<Address>;
  readonly #received: Deferred<void>;

  constructor(path: string, port: ListeningPort<Address>, received: Deferred<void>) {
    super();
    this.#path = path;
    this.#port = port;
    this.#received = received;
  }

  override connectionMade(): void {
    (this.transport as UNIXTransport).sendFileDescriptor(this.#port.fileno());
    this.sendLine(JSON.stringify(this.#path));
  }

  override lineReceived(): void {
    this.#received.callback();
    this.transport.loseConnection();
  }

  override connectionLost(): void {
    if (!this.#received.fired) this.#received.errback(new HandoverError('the parent is gone'));
  }
}

/** The other workers use the socket too: the parent removes its file. */
function keepFile(port: ListeningPort<Address>): void {
  const { stopListening } = port;
  port.stopListening = (options) => stopListening.call(port, { ...options, keepFile: true });
}
