/** The program of each worker thread of the demo. */
import { Factory } from '../core/factory.js';
import type { WorkerContext, WorkerCounter, WorkerStop } from '../workers/worker-context.js';
import { ChatRoom, chatFactory } from './demo-chat.js';
import { DemoEcho, type MessageCounts } from './demo-echo.js';

/** The data that the demo passes to its workers. */
export interface DemoWorkerOrder {
  readonly interface: string;
  readonly port: number;
  readonly chatPort: number;
}

/** The services' totals, forwarded to the worker's counters. */
class CountedMessages implements MessageCounts {
  readonly #in: WorkerCounter;
  readonly #out: WorkerCounter;
  #messagesIn = 0;
  #messagesOut = 0;

  constructor(worker: WorkerContext) {
    this.#in = worker.counter('messagesIn');
    this.#out = worker.counter('messagesOut');
  }

  get messagesIn(): number {
    return this.#messagesIn;
  }

  set messagesIn(total: number) {
    this.#in.add(total - this.#messagesIn);
    this.#messagesIn = total;
  }

  get messagesOut(): number {
    return this.#messagesOut;
  }

  set messagesOut(total: number) {
    this.#out.add(total - this.#messagesOut);
    this.#messagesOut = total;
  }
}

export default function (worker: WorkerContext<DemoWorkerOrder>): WorkerStop {
  const { interface: address, port, chatPort } = worker.data;
  const counts = new CountedMessages(worker);
  const room = new ChatRoom(counts);
  worker.listenTCP(port, Factory.forProtocol(DemoEcho, counts), { interface: address });
  // All chat users must be in one room, so one worker has the chat.
  if (worker.index === 0) {
    worker.listenTCP(chatPort, chatFactory(room, worker.reactor), { interface: address });
    worker.gauge('chatting', () => room.chatting);
  }
  return () => room.close();
}
