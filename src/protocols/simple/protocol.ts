/** The connections of the simple services. */
import type { MaybeAsync } from '../../core/maybe-async.js';
import type { PullProducer } from '../../core/producer.js';
import { Protocol } from '../../core/protocol.js';
import { Deadline } from '../../policies/deadline.js';
import { IdleTimeout } from '../../policies/idle-timeout.js';
import type { IdleTimeouts } from '../../policies/idle-timeouts.js';
import { CHARGEN_PERIOD, chargenBytes } from './serializer.js';

/** The factory of the connections. */
export interface SimpleServer {
  readonly timeouts: IdleTimeouts;
  /** Null: no limit. */
  readonly idleTimeoutMs: number | null;
  /** The answer of services that answer once. */
  makeAnswer(): Buffer | PromiseLike<Buffer>;
  connectionEnded(): void;
}

/** One exists for each connection, so its private fields are TypeScript's: see StreamTransport. */
abstract class Service extends Protocol {
  override readonly acceptsLentBytes: boolean = true;
  abstract readonly description: string;
  protected readonly server: SimpleServer;
  protected idle: IdleTimeout | undefined = undefined;

  constructor(server: SimpleServer) {
    super();
    this.server = server;
  }

  override connectionMade(): MaybeAsync {
    const { timeouts, idleTimeoutMs } = this.server;
    if (idleTimeoutMs === null) return;
    this.idle = new IdleTimeout(timeouts, this.transport, () => this.transport.abortConnection());
    this.idle.set(idleTimeoutMs);
  }

  override connectionLost(_reason: Error): MaybeAsync {
    this.idle?.set(null);
    this.server.connectionEnded();
  }
}

/** RFC 862. A client that does not read its own bytes is not read from. */
export class Echo extends Service {
  readonly description = 'echo';

  override connectionMade(): MaybeAsync {
    super.connectionMade();
    this.transport.registerProducer(this.transport, true);
  }

  override dataReceived(data: Buffer): MaybeAsync {
    this.idle?.reset();
    this.transport.write(data);
  }

  /** The client still receives the rest. */
  readConnectionLost(): void {
    this.transport.unregisterProducer();
    this.transport.loseConnection();
  }
}

/** RFC 863. */
export class Discard extends Service {
  readonly description = 'discard';

  override dataReceived(_data: Buffer): MaybeAsync {
    this.idle?.reset();
  }
}

/** RFC 864. A block is written whenever the one before is sent. Received bytes are dropped. */
export class Chargen extends Service implements PullProducer {
  readonly description = 'chargen';

  override connectionMade(): MaybeAsync {
    super.connectionMade();
    this.transport.registerProducer(this, false);
  }

  resumeProducing(): void {
    this.idle?.reset();
    this.transport.write(chargenBytes(0, CHARGEN_PERIOD));
  }

  stopProducing(): void {}

  /** The client wants no more. */
  readConnectionLost(): void {
    this.transport.unregisterProducer();
    this.transport.loseConnection();
  }
}

/** Time, daytime and quote: one answer, and the end. */
export class OneAnswer extends Protocol {
  override readonly acceptsLentBytes: boolean = true;
  private readonly server: SimpleServer;
  private deadline: Deadline | undefined = undefined;

  constructor(server: SimpleServer) {
    super();
    this.server = server;
  }

  override connectionMade(): MaybeAsync {
    const { server, transport } = this;
    if (server.idleTimeoutMs !== null) {
      this.deadline = new Deadline(server.timeouts, transport);
      this.deadline.set(server.idleTimeoutMs);
    }
    const answer = server.makeAnswer();
    if (!Buffer.isBuffer(answer))
      return answer.then((bytes) => this.send(bytes)) as PromiseLike<void>;
    this.send(answer);
  }

  /** The client need not send anything. */
  readConnectionLost(): void {}

  override connectionLost(_reason: Error): MaybeAsync {
    this.deadline?.set(null);
    this.server.connectionEnded();
  }

  private send(answer: Buffer): void {
    this.transport.write(answer);
    this.transport.loseConnection();
  }
}
