/** The demo's echo and chat services in this thread; demo-workers.ts runs them in workers. */
import { Factory } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { Reactor } from '../core/reactor.js';
import type { WorkerGroup } from '../workers/worker-group.js';
import { ChatRoom, chatFactory } from './demo-chat.js';
import { DemoEcho, type MessageCounts } from './demo-echo.js';
import type { DemoReading } from './demo-meter.js';
import type { DemoOptions } from './demo-options.js';

/** How long chat users that do not read may delay the end. */
export const GOODBYE_MS = 1000;

/** The totals of the services, without those of the process. */
export interface ServicesReading extends Omit<DemoReading, 'atMs' | 'rssBytes' | 'cpuUs'> {
  /** Chat users with a nickname. */
  readonly chatting: number;
}

export interface DemoServices {
  /** Both 0 until they listen. */
  readonly echoPort: number;
  readonly chatPort: number;
  /** @throws CannotListenError and the like, or fails with them. */
  listen(): void | PromiseLike<void>;
  /** Of the last reading, if they are counted elsewhere. */
  readonly counts: MessageCounts;
  /** The workers that serve, once they listen. */
  readonly workers: WorkerGroup | undefined;
  read(): ServicesReading | PromiseLike<ServicesReading>;
  /** Stops accepting connections and says goodbye to the chat users. */
  close(): Promise<void>;
}

export class LocalServices implements DemoServices {
  readonly #reactor: Reactor;
  readonly #options: DemoOptions;
  readonly counts: MessageCounts = { messagesIn: 0, messagesOut: 0 };
  readonly workers: undefined;
  readonly #room: ChatRoom = new ChatRoom(this.counts);
  readonly #ports: ListeningPort[] = [];

  constructor(reactor: Reactor, options: DemoOptions) {
    this.#reactor = reactor;
    this.#options = options;
  }

  get echoPort(): number {
    return this.#ports[0]?.getHost().port ?? 0;
  }

  get chatPort(): number {
    return this.#ports[1]?.getHost().port ?? 0;
  }

  listen(): void {
    const { port, chatPort, interface: address } = this.#options;
    const echo = Factory.forProtocol(DemoEcho, this.counts);
    const chat = chatFactory(this.#room, this.#reactor);
    this.#ports.push(this.#reactor.listenTCP(port, echo, { interface: address }));
    this.#ports.push(this.#reactor.listenTCP(chatPort, chat, { interface: address }));
  }

  read(): ServicesReading {
    const statistics = this.#reactor.statistics();
    return {
      ...this.counts,
      bytesIn: statistics.bytesReceived,
      bytesOut: statistics.bytesSent,
      turns: statistics.turns,
      turnMsP50: statistics.turnMsP50,
      turnMsP99: statistics.turnMsP99,
      connectionsOpen: statistics.connectionsOpen,
      connectionsTotal: statistics.connectionsAccepted,
      chatting: this.#room.chatting,
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#ports.map((port) => port.stopListening()));
    const late = new Promise<void>((resolve) => {
      this.#reactor.callLater(GOODBYE_MS, resolve);
    });
    await Promise.race([this.#room.close(), late]);
  }
}
